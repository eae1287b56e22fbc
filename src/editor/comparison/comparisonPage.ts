import * as vscode from "vscode";

/** The folders that the page may load from. */
export function pageRoots(extensionUri: vscode.Uri): readonly vscode.Uri[] {
  return [
    vscode.Uri.joinPath(extensionUri, "dist", "webview"),
    vscode.Uri.joinPath(extensionUri, "dist", "codicons"),
  ];
}

/** The page of the comparison panel. Nothing inline, no evaluation, no network: only our own files load. */
export function pageHtml(webview: vscode.Webview, extensionUri: vscode.Uri): string {
  const uri = (...path: string[]) =>
    escapeAttribute(webview.asWebviewUri(vscode.Uri.joinPath(extensionUri, "dist", ...path)).toString());
  const own = webview.cspSource;
  const policy = `default-src 'none'; script-src ${own}; style-src ${own}; font-src ${own}; img-src ${own}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Compare Experiments</title>
<link rel="stylesheet" href="${uri("codicons", "codicon.css")}">
<link rel="stylesheet" href="${uri("webview", "comparison.css")}">
</head>
<body>
<savepoint-comparison></savepoint-comparison>
<script type="module" src="${uri("webview", "comparison.js")}"></script>
</body>
</html>`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
