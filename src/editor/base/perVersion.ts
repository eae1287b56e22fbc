import type * as vscode from "vscode";

/**
 * Makes something of a document's text once for each of its versions, however often it is asked for. `about` is what
 * else it depends on.
 */
export function perVersion<Value>(
  make: (document: vscode.TextDocument, about: string) => Value,
): (document: vscode.TextDocument, about?: string) => Value {
  const made = new WeakMap<vscode.TextDocument, { readonly key: string; readonly value: Value }>();
  return (document, about = "") => {
    const key = `${document.version} ${document.languageId} ${about}`;
    const known = made.get(document);
    if (known?.key === key) return known.value;
    const value = make(document, about);
    made.set(document, { key, value });
    return value;
  };
}
