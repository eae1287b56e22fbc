import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { narrow } from "./narrow.ts";
import type { Choice } from "./pick.ts";

/** Entries that the list gets at once: VS Code takes seconds for ten thousand, and nobody scrolls through them. */
const shownAtOnce = 200;

/**
 * As `pickOne`, for lists that may be very long: all are searched as the person types, the first matches are offered.
 * Words may stand in any order.
 */
export function pickFromMany<Value>(
  items: readonly (Choice<Value> | vscode.QuickPickItem)[],
  options: { readonly title: string; readonly placeholder: string },
): Promise<Value | null> {
  const entries = items.map((item) => ({
    item,
    label: item.label.replace(/\$\([^)]*\)/g, ""),
    description: item.description ?? "",
    isHeading: item.kind === vscode.QuickPickItemKind.Separator,
  }));
  const picker = vscode.window.createQuickPick<Choice<Value> | vscode.QuickPickItem>();
  picker.title = options.title;
  picker.placeholder = options.placeholder;
  picker.matchOnDescription = true;
  const offer = () => {
    const { shown, more } = narrow(entries, picker.value, shownAtOnce);
    const offered = shown.map(({ entry, isWhole }) =>
      isWhole ? entry.item : { ...entry.item, alwaysShow: true },
    );
    picker.items = more === 0 ? offered : [...offered, moreItem(more)];
  };
  return new Promise((resolve) => {
    picker.onDidChangeValue(offer);
    picker.onDidAccept(() => {
      const [picked] = picker.selectedItems;
      // The line that tells of more stands for nothing.
      if (picked === undefined || !("value" in picked)) return;
      resolve(picked.value);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(null);
      picker.dispose();
    });
    offer();
    picker.show();
  });
}

function moreItem(count: number): vscode.QuickPickItem {
  return {
    label: `$(ellipsis) ${l10n.t("{0} more", count.toLocaleString())}`,
    description: l10n.t("type to narrow the list"),
    alwaysShow: true,
  };
}
