import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { logParts } from "../../runner/files.ts";
import { isAlive } from "../../runner/process.ts";
import type { RunnerFolder } from "./runnerRecord.ts";
import { plainTerminalText } from "./terminalText.ts";

/** Lines that the `script` program adds; before the last one it ends the line that it finds. */
const firstLine = /^Script started on .*\[.*\]\n/gm;
const lastLine = /\n?\nScript done on .*\[.*\]\n/g;

/**
 * What a launch of a stage wrote to its terminal or its streams, as plain text with `\n` between lines; `null` when
 * nothing is kept.
 */
export async function readStageLog(folder: RunnerFolder): Promise<string | null> {
  const { logFile } = folder;
  const runner = folder.status()?.runner;
  // Streams that a runner has not passed on to their end, as it was killed, stand whole in files of their own.
  const streams = [`${logFile}.1`, `${logFile}.2`].filter((file) => existsSync(file));
  const isCut = streams.length > 0 && (runner === undefined || !isAlive(runner));
  const parts = await Promise.all((isCut ? streams : logParts(logFile)).map(readPart));
  const text = parts.filter((part) => part !== null);
  return text.length === 0 ? null : withoutRecorder(plainTerminalText(text.join("")));
}

function withoutRecorder(text: string): string {
  return text.replace(firstLine, "").replace(lastLine, "\n");
}

function readPart(path: string): Promise<string | null> {
  return readFile(path, "utf8").catch(() => null);
}
