import { formatScalar, isMap } from "./data.ts";
import { plainScalar, readYaml } from "./yaml.ts";

/** Where one stage's entry stands in the text of a lock file; offsets of whole lines. */
export interface LockSection {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the entries of a lock file that has DVC's layout: `schema: '2.0'`, then `stages:`, then each stage at an
 * indent of two. `null` for any other layout.
 */
export function splitLock(text: string): readonly LockSection[] | null {
  const head = /^(?:#[^\n]*\n)*schema: ['"]2\.0['"][ \t]*\r?\n(?:#[^\n]*\n)*stages:[ \t]*(?:\r?\n|$)/.exec(
    text,
  );
  // What an anchor stands for may be needed in another entry.
  if (!head || /^ *(?:- )*(?:[^\s:#][^:#\n]*: )?&[^\s&]/m.test(text)) return null;
  const sections: { name: string; start: number; end: number }[] = [];
  let at = head[0].length;
  while (at < text.length) {
    const newLine = text.indexOf("\n", at);
    const end = newLine < 0 ? text.length : newLine + 1;
    const line = text.slice(at, end).trimEnd();
    if (/^[^\s#]/.test(line)) break;
    if (/^ {2}[^\s#]/.test(line)) {
      const name = keyOf(line);
      if (name === null) return null;
      sections.push({ name, start: at, end });
    } else if (line !== "" && !/^ *#/.test(line)) {
      // Something before the first entry, or an odd indent, is another layout.
      const current = sections.at(-1);
      if (!line.startsWith("    ") || !current) return null;
      current.end = end;
    }
    at = end;
  }
  return sections;
}

const keyLine = /^ {2}(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^'"{[&*!|>%@`][^#]*?):$/;

function keyOf(line: string): string | null {
  if (!keyLine.test(line)) return null;
  const plain = /^ {2}([A-Za-z_][\w./@-]*):$/.exec(line)?.[1];
  if (plain !== undefined && typeof plainScalar(plain) === "string") return plain;
  const { data, problems } = readYaml(line);
  if (problems.length > 0 || !isMap(data)) return null;
  const [key] = [...data.keys()];
  return key === undefined ? null : formatScalar(key);
}
