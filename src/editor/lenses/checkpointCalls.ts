import { isDefinition, shellCommand } from "./calls.ts";
import { linesOf, readSource } from "./source/sourceText.ts";

const names = "make_checkpoint|makeCheckpoint";

/** A name, with type arguments and `?.` where a language has them, and the parenthesis of its call. */
const plain = new RegExp(String.raw`(?<![\w#])(?:${names})\s*(?:<[^()\n]{1,200}>\s*)?(?:\?\.)?\(`, "g");

/** How a language calls the function, by VS Code's language id. */
const calls: { readonly [languageId: string]: RegExp } = {
  // `next_step` is that of dvclive.
  python: new RegExp(String.raw`(?<!\w)(?:${names})\s*\(|(?<=\.)next_step\s*\(`, "g"),
  javascript: plain,
  javascriptreact: plain,
  typescript: plain,
  typescriptreact: plain,
  r: new RegExp(String.raw`(?<![\w.])(?:${names})\s*\(`, "g"),
  julia: plain,
  shellscript: shellCommand("(?:savepoint_)?make_checkpoint"),
};

/** Lines, counted from 0, on which the code asks for a training checkpoint; not in comments, texts, definitions. */
export function findCheckpointCalls(text: string, languageId: string): readonly number[] {
  const form = calls[languageId];
  // Most files have none: told without reading the whole syntax.
  if (form === undefined || !/make_?checkpoint|next_step/i.test(text)) return [];
  const { visible } = readSource(text, languageId);
  const offsets = [...visible.matchAll(form)]
    .map((match) => ({ start: match.index, end: match.index + match[0].length }))
    .filter(({ start, end }) => !isDefinition(visible, languageId, start, end))
    .map(({ start }) => start);
  return [...new Set(linesOf(visible, offsets))];
}
