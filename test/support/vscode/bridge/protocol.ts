/** Where a bridge can be reached; content of a `.json` file in the folder that SAVEPOINT_BRIDGE_FOLDER names. */
export interface BridgeAddress {
  readonly port: number;
  readonly secret: string;
}

/** A function to call inside the extension host: `(vscode, argument) => …` as text. */
export interface BridgeCall {
  readonly source: string;
  readonly argument: unknown;
}

export type BridgeAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };
