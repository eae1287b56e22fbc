import * as vscode from "vscode";
import type { PipelineState } from "../engine/engine.ts";
import type { PipelineProblem } from "../engine/pipeline/stage.ts";
import type { Projects } from "./projects.ts";

/** Shows what is wrong in pipeline files where people look for it: in the file, and in the Problems panel. */
export class PipelineDiagnostics implements vscode.Disposable {
  readonly #collection = vscode.languages.createDiagnosticCollection("savepoint");
  /** Files with diagnostics, by project. */
  readonly #files = new Map<string, readonly vscode.Uri[]>();
  readonly #listeners: readonly { dispose(): void }[];

  constructor(projects: Projects) {
    this.#listeners = [
      projects.onDidChangePipeline(({ engine, state }) => this.#show(engine.project.root, state)),
      projects.onDidChange(() => {
        for (const root of [...this.#files.keys()]) if (!projects.byRoot(root)) this.#clear(root);
      }),
    ];
  }

  dispose(): void {
    for (const listener of this.#listeners) listener.dispose();
    this.#collection.dispose();
  }

  #show(root: string, { pipeline }: PipelineState): void {
    this.#clear(root);
    const files = [...new Set(pipeline.problems.map(({ file }) => file))].map((file) => {
      const uri = vscode.Uri.joinPath(vscode.Uri.file(root), file);
      this.#collection.set(uri, pipeline.problems.filter((problem) => problem.file === file).map(diagnostic));
      return uri;
    });
    this.#files.set(root, files);
  }

  #clear(root: string): void {
    for (const uri of this.#files.get(root) ?? []) this.#collection.delete(uri);
    this.#files.delete(root);
  }
}

function diagnostic({ message, severity, range, stage }: PipelineProblem): vscode.Diagnostic {
  const { start, end } = range;
  const result = new vscode.Diagnostic(
    new vscode.Range(start.line, start.column, end.line, end.column),
    message,
    severity === "error" ? vscode.DiagnosticSeverity.Error : vscode.DiagnosticSeverity.Warning,
  );
  result.source = "Savepoint";
  if (stage !== null) result.code = stage;
  return result;
}
