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
  // Each line is gone through once: the file comes with the repository, and may have lines of any length.
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    const header = /^\[(.+?)\]\s*(?:#.*)?$/.exec(line)?.[1]?.trim();
    if (header) {
      const name = unquote(header);
      values = sections.get(name) ?? new Map<string, string>();
      sections.set(name, values);
      continue;
    }
    const equals = line.indexOf("=");
    if (equals <= 0 || line.startsWith("#")) continue;
    const key = line.slice(0, equals).trimEnd().toLowerCase();
    values.set(key, unquote(withoutComment(line.slice(equals + 1).trim())));
  }
  return sections;
}

function withoutComment(value: string): string {
  const quoted = /^(?:"[^"]*"|'[^']*')/.exec(value)?.[0];
  const comment = value.indexOf("#");
  return quoted ?? (comment < 0 ? value : value.slice(0, comment).trimEnd());
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
