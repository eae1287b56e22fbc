import * as vscode from "vscode";
import type { ContextKeys } from "../../contract.ts";

/** Sets the keys that `when` clauses read; tells VS Code only what changed, and takes all back at the end. */
export class ContextKeyWriter implements vscode.Disposable {
  readonly #values = new Map<keyof ContextKeys, unknown>();

  set<Key extends keyof ContextKeys>(key: Key, value: ContextKeys[Key]): void {
    if (this.#values.get(key) === value) return;
    this.#values.set(key, value);
    void vscode.commands.executeCommand("setContext", key, value);
  }

  dispose(): void {
    for (const key of this.#values.keys()) void vscode.commands.executeCommand("setContext", key, undefined);
    this.#values.clear();
  }
}
