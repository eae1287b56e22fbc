import * as vscode from "vscode";
import type { Settings } from "../../contract.ts";

/** A setting's value in a place, or its default from the manifest. */
export function readSetting<Key extends keyof Settings>(key: Key, scope?: vscode.Uri): Settings[Key] {
  const value = vscode.workspace.getConfiguration(undefined, scope ?? null).get<Settings[Key]>(key);
  if (value === undefined) throw new Error(`The setting ${key} has no default in the manifest.`);
  return value;
}

/** Calls the listener when one of the settings changes. */
export function onDidChangeSetting(
  keys: readonly (keyof Settings)[],
  listener: () => void,
): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((change) => {
    if (keys.some((key) => change.affectsConfiguration(key))) listener();
  });
}
