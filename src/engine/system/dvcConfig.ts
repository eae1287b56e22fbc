import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Project } from "../project.ts";

/** One value of DVC's configuration, with the folder of the file that it stands in: relative paths start there. */
export interface ConfigValue {
  readonly value: string;
  readonly directory: string;
}

/** DVC's configuration: section (`cache`, `remote "store"`) → key → value. Keys are in lower case. */
export type DvcConfig = ReadonlyMap<string, ReadonlyMap<string, ConfigValue>>;

/** Reads DVC's configuration as DVC does: the user's own, then the project's, then the project's local one. */
export async function readDvcConfig(project: Project): Promise<DvcConfig> {
  const merged = new Map<string, Map<string, ConfigValue>>();
  const folder = join(project.root, ".dvc");
  for (const path of [globalConfig(), join(folder, "config"), join(folder, "config.local")]) {
    const text = await readFile(path, "utf8").catch(() => "");
    for (const [section, values] of parseConfig(text)) {
      const known = merged.get(section) ?? new Map<string, ConfigValue>();
      for (const [key, value] of values) known.set(key, { value, directory: dirname(path) });
      merged.set(section, known);
    }
  }
  return merged;
}

/** Parses the text of one configuration file. Lines that make no sense are passed over. */
export function parseConfig(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[\s*(.+?)\s*\]\s*(?:#.*)?$/.exec(line)?.[1];
    if (header !== undefined) {
      const name = unquote(header);
      values = sections.get(name) ?? new Map<string, string>();
      sections.set(name, values);
      continue;
    }
    const [, key, value] = /^\s*([^#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined)
      values.set(key.toLowerCase(), unquote(withoutComment(value)));
  }
  return sections;
}

function withoutComment(value: string): string {
  return /^(?:"[^"]*"|'[^']*')/.exec(value)?.[0] ?? value.replace(/\s*#.*$/, "");
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}

function globalConfig(): string {
  const { DVC_GLOBAL_CONFIG_DIR, LOCALAPPDATA, XDG_CONFIG_HOME } = process.env;
  if (DVC_GLOBAL_CONFIG_DIR) return join(DVC_GLOBAL_CONFIG_DIR, "config");
  if (process.platform === "win32") return join(LOCALAPPDATA ?? homedir(), "iterative", "dvc", "config");
  if (process.platform === "darwin")
    return join(homedir(), "Library", "Application Support", "dvc", "config");
  return join(XDG_CONFIG_HOME || join(homedir(), ".config"), "dvc", "config");
}
