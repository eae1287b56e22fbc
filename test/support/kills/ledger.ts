import { readFileSync } from "node:fs";

/** What the training saw, one line each: see `train.py`. */
export type LedgerLine =
  | { readonly run: string; readonly event: "began"; readonly pid: number }
  | {
      readonly run: string;
      readonly event: "released";
      readonly step: number;
      /** `amber-heron@12`, when the protocol tells. */
      readonly checkpoint: string | null;
    }
  | { readonly run: string; readonly event: "ended" };

/** The lines of a ledger; one that is being written is left out. */
export function readLedger(path: string): readonly LedgerLine[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as LedgerLine);
}
