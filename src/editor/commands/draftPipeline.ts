import * as vscode from "vscode";

/** A first stage, with the names that a person puts in their place as tab stops. */
const firstStage = `stages:
  \${1:train}:
    cmd: \${2:python3 train.py}
    deps:
      - \${3:train.py}
    outs:
      # What training goes on from: recorded with each checkpoint, restored before a resume.
      - \${4:model.pt}:
          checkpoint: true
          persist: true
    metrics:
      - \${5:metrics.json}:
          cache: false
`;

/** Opens a `dvc.yaml` with a first stage, unsaved: nothing is written before the person has looked at it. */
export async function draftPipeline(folder: vscode.Uri): Promise<void> {
  const uri = vscode.Uri.joinPath(folder, "dvc.yaml").with({ scheme: "untitled" });
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  if (editor.document.getText() === "") await editor.insertSnippet(new vscode.SnippetString(firstStage));
}
