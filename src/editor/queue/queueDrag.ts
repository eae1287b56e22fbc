import * as vscode from "vscode";
import { viewIds } from "../../contract.ts";
import type { Projects } from "../projects.ts";
import type { QueueRow } from "../views/rows.ts";

/** VS Code's own kind of data for rows of a view, which has the view's id in small letters. */
const rowsOfQueue = `application/vnd.code.tree.${viewIds.queue.toLowerCase()}`;

/** Lets waiting runs be dragged to another place of the queue. */
export class QueueDrag implements vscode.TreeDragAndDropController<QueueRow> {
  readonly dragMimeTypes = [rowsOfQueue];
  readonly dropMimeTypes = [rowsOfQueue];
  readonly #projects: Projects;

  constructor(projects: Projects) {
    this.#projects = projects;
  }

  handleDrag(rows: readonly QueueRow[], data: vscode.DataTransfer): void {
    data.set(rowsOfQueue, new vscode.DataTransferItem(rows));
  }

  /** Puts them before the row that they are dropped on, or at the end. */
  async handleDrop(target: QueueRow | undefined, data: vscode.DataTransfer): Promise<void> {
    const rows: readonly QueueRow[] = data.get(rowsOfQueue)?.value ?? [];
    const before = target?.kind === "queued" ? target : null;
    for (const row of rows) {
      if (row.kind !== "queued" || row.id === before?.id) continue;
      if (before !== null && before.root !== row.root) continue;
      await this.#projects.byRoot(row.root)?.queue.move(row.id, before?.id ?? null);
    }
  }
}
