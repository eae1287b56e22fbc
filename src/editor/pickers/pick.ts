import * as vscode from "vscode";

/** An entry of a list with what it stands for. */
export interface Choice<Value> extends vscode.QuickPickItem {
  readonly value: Value;
}

/** A line between groups of entries. */
export function separator(label: string): vscode.QuickPickItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

/** Asks for one entry of a list; `null` when the person changed their mind. */
export async function pickOne<Value>(
  items: readonly (Choice<Value> | vscode.QuickPickItem)[],
  options: {
    readonly title: string;
    readonly placeholder: string;
    /** Whether it stays open while the person looks at something else. */
    readonly stays?: boolean;
  },
): Promise<Value | null> {
  const picked = await vscode.window.showQuickPick([...items], {
    title: options.title,
    placeHolder: options.placeholder,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: options.stays ?? false,
  });
  return picked !== undefined && "value" in picked ? (picked as Choice<Value>).value : null;
}

/** Asks for any number of entries, with some ticked beforehand; `null` when the person changed their mind. */
export async function pickSeveral<Value>(
  items: readonly (Choice<Value> | vscode.QuickPickItem)[],
  options: { readonly title: string; readonly placeholder: string },
): Promise<readonly Value[] | null> {
  const picked = await vscode.window.showQuickPick([...items], {
    title: options.title,
    placeHolder: options.placeholder,
    matchOnDescription: true,
    canPickMany: true,
  });
  return picked?.flatMap((item) => ("value" in item ? [(item as Choice<Value>).value] : [])) ?? null;
}
