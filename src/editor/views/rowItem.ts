import { basename } from "node:path";
import * as vscode from "vscode";
import type { RowText } from "../labels/rowText.ts";

/** A tree item from its words. */
export function rowItem(
  id: string,
  text: RowText,
  state: vscode.TreeItemCollapsibleState,
  contextValue: string,
): vscode.TreeItem {
  const item = new vscode.TreeItem(text.label, state);
  item.id = id;
  item.description = text.description;
  item.iconPath = new vscode.ThemeIcon(
    text.icon,
    text.color === null ? undefined : new vscode.ThemeColor(text.color),
  );
  item.contextValue = contextValue;
  item.accessibilityInformation = { label: text.accessibleLabel };
  return item;
}

/** A tooltip in Markdown. Links run only the commands that are named. */
export function markdown(text: string, commands: readonly string[] = []): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString(text, true);
  tooltip.isTrusted = commands.length > 0 ? { enabledCommands: [...commands] } : false;
  return tooltip;
}

/** The row of a project, where a view shows several. */
export function projectItem(root: string, id: string): vscode.TreeItem {
  const item = new vscode.TreeItem(basename(root), vscode.TreeItemCollapsibleState.Expanded);
  item.id = id;
  item.tooltip = root;
  item.iconPath = new vscode.ThemeIcon("folder");
  item.contextValue = ";project;";
  return item;
}
