const quoted = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const javascript = new RegExp(
  String.raw`\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|${quoted}|${"`"}(?:\\.|[^${"`"}\\])*${"`"}`,
  "g",
);

/** Comments and strings by VS Code's language id, longest form first. */
const hidden: { readonly [languageId: string]: RegExp } = {
  python: new RegExp(String.raw`"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|#[^\n]*|${quoted}`, "g"),
  javascript,
  javascriptreact: javascript,
  typescript: javascript,
  typescriptreact: javascript,
  r: new RegExp(String.raw`#[^\n]*|${quoted}`, "g"),
  // A quote mark alone is Julia's transpose, so that only double quotes make strings.
  julia: /#=[\s\S]*?(?:=#|$)|#[^\n]*|"""[\s\S]*?(?:"""|$)|"(?:\\.|[^"\\])*"/g,
  shellscript: /(?<![\w$\\])#[^\n]*|'[^']*'|"(?:\\.|[^"\\])*"/g,
};

/** A text in quotes; offsets include the quotes. */
export interface SourceString {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

/** A source file with its comments and strings blanked out, letter by letter. */
export interface SourceText {
  readonly visible: string;
  readonly strings: readonly SourceString[];
}

/** Languages whose comments and strings are known. */
export const sourceLanguages = Object.keys(hidden);

/** Tells code from comments and strings. Of a language that is not known, all counts as code. */
export function readSource(text: string, languageId: string): SourceText {
  const strings: SourceString[] = [];
  const form = hidden[languageId];
  if (form === undefined) return { visible: text, strings };
  const visible = text.replaceAll(form, (match: string, start: number) => {
    const content = /^(?:"""|'''|["'`])/.exec(match)?.[0];
    if (content !== undefined) {
      const { length } = content;
      strings.push({ start, end: start + match.length, content: match.slice(length, -length) });
    }
    return match.replaceAll(/[^\n]/g, " ");
  });
  return { visible, strings };
}

/** The lines, counted from 0, in which the given offsets are; the offsets grow. */
export function linesOf(text: string, offsets: Iterable<number>): readonly number[] {
  const lines: number[] = [];
  let line = 0;
  let counted = 0;
  for (const offset of offsets) {
    for (; counted < offset; counted += 1) if (text[counted] === "\n") line += 1;
    lines.push(line);
  }
  return lines;
}
