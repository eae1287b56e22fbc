import * as vscode from "vscode";
import { environmentText } from "../../engine/environment/environment.ts";
import type { Environment } from "../../engine/model.ts";

const scheme = "savepoint-environment";

/** Documents that are kept: those of some open diffs. */
const kept = 40;

/** Environments as text documents that can't be changed: a version on each line, so that two of them can be compared. */
export class EnvironmentDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #registration: vscode.Disposable;

  constructor() {
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  /** The address of an environment as it was or is at a moment, such as `amber-heron@12` or `now`. */
  add(environment: Environment, below: vscode.Uri, moment: string): vscode.Uri {
    const path = vscode.Uri.joinPath(below, "environment").path;
    const uri = vscode.Uri.from({ scheme, path, query: moment });
    this.#texts.delete(uri.toString());
    this.#texts.set(uri.toString(), environmentText(environment));
    const [oldest] = this.#texts.keys();
    if (this.#texts.size > kept && oldest !== undefined) this.#texts.delete(oldest);
    return uri;
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
