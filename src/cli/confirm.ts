import { createInterface } from "node:readline/promises";

export type Confirmation = "yes" | "no" | "interrupted" | "nobody-there";

/** Asks a person at the terminal to agree. No answer and Ctrl-D are a no. */
export async function confirm(question: string): Promise<Confirmation> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return "nobody-there";
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  let isInterrupted = false;
  lines.on("SIGINT", () => {
    isInterrupted = true;
    lines.close();
  });
  lines.on("close", () => closed.abort());
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: closed.signal });
    return /^y(es)?$/i.test(answer.trim()) ? "yes" : "no";
  } catch {
    return isInterrupted ? "interrupted" : "no";
  } finally {
    lines.close();
  }
}
