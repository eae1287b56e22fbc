import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { DisposableStore } from "../base/disposableStore.ts";
import type { Log } from "../base/messages.ts";
import { onDidChangeSetting, readSetting } from "../base/settings.ts";
import { type CallPattern, findPattern, readPatterns } from "./callPatterns.ts";

const setting = "savepoint.codeLens.patterns";

/** The patterns for calls that a person adds in the settings. What can't be used is told once, and left out. */
export class PatternSetting implements vscode.Disposable {
  readonly #log: Log;
  readonly #owned = new DisposableStore();
  /** What was told, and patterns that take too long, until the setting changes. */
  readonly #told = new Set<string>();
  readonly #slow = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
    this.#owned.add(
      onDidChangeSetting([setting], () => {
        this.#told.clear();
        this.#slow.clear();
        this.#read();
      }),
    );
  }

  /** The lines of a document, counted from 0, with code that one of its language's patterns describes. */
  linesIn(document: vscode.TextDocument): readonly number[] {
    const patterns = this.#read(document.uri).filter(
      ({ language, pattern }) => language === document.languageId && !this.#slow.has(pattern),
    );
    return patterns.flatMap((pattern) => {
      const found = findPattern(document.getText(), pattern);
      if (found.ok) return found.value;
      this.#slow.add(pattern.pattern);
      this.#tell(found.problem.message);
      return [];
    });
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #read(scope?: vscode.Uri): readonly CallPattern[] {
    const { patterns, problems } = readPatterns(readSetting(setting, scope));
    for (const problem of problems) this.#tell(problem);
    return patterns;
  }

  #tell(problem: string): void {
    if (this.#told.has(problem)) return;
    this.#told.add(problem);
    const message = l10n.t("Savepoint leaves something out of the setting {0}: {1}", setting, problem);
    this.#log.warn(message);
    const open = l10n.t("Open Settings");
    void vscode.window.showWarningMessage(message, open).then((answer) => {
      if (answer === open) void vscode.commands.executeCommand("workbench.action.openSettings", setting);
    });
  }
}
