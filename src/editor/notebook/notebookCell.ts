import * as vscode from "vscode";

/** The kind of notebook that VS Code itself can read and write. */
const notebookType = "jupyter-notebook";

/** Puts code below the selected cell of the notebook in front, or into a new notebook when there is none. */
export async function insertCell(code: string): Promise<void> {
  const cell = new vscode.NotebookCellData(vscode.NotebookCellKind.Code, code.trimEnd(), "python");
  const editor = vscode.window.activeNotebookEditor;
  if (editor === undefined) {
    const data = new vscode.NotebookData([cell]);
    data.metadata = { language_info: { name: "python" } };
    const notebook = await vscode.workspace.openNotebookDocument(notebookType, data);
    await vscode.window.showNotebookDocument(notebook);
    return;
  }
  const at = editor.selection.end;
  const edit = new vscode.WorkspaceEdit();
  edit.set(editor.notebook.uri, [vscode.NotebookEdit.insertCells(at, [cell])]);
  await vscode.workspace.applyEdit(edit);
  const range = new vscode.NotebookRange(at, at + 1);
  editor.selection = range;
  editor.revealRange(range);
}
