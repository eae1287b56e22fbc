import type { Data, Scalar } from "./data.ts";
import { type Literal, LiteralError, LiteralReader } from "./literal.ts";

/** One logical line of a Python file, over brackets and continuations, without its comment. */
interface Statement {
  readonly indent: number;
  readonly text: string;
  readonly start: number;
}

/**
 * The parameters of a Python file, as DVC sees them: names that are assigned a plain value at the top or in a class,
 * and `self.name = value` in `__init__`. Anything else is passed over.
 */
export function readPython(text: string): Literal {
  const statements = splitStatements(text);
  return asLiteral(readBlock(statements, 0, statements.length, false), text.length);
}

function asLiteral(entries: ReadonlyMap<Scalar, Literal>, end: number): Literal {
  const value = new Map([...entries].map(([key, entry]): [Scalar, Data] => [key, entry.value]));
  return { value, start: 0, end, entries };
}

function readBlock(
  statements: readonly Statement[],
  from: number,
  to: number,
  onlySelf: boolean,
): Map<Scalar, Literal> {
  const entries = new Map<Scalar, Literal>();
  const indent = statements[from]?.indent ?? 0;
  for (let index = from; index < to; index++) {
    const statement = statements[index];
    if (!statement || statement.indent !== indent) continue;
    let end = index + 1;
    while (end < to && (statements[end]?.indent ?? 0) > indent) end++;
    const className = /^class\s+([\p{ID_Start}_]\p{ID_Continue}*)(?!\p{ID_Continue})[\s\S]*:$/u.exec(
      statement.text,
    )?.[1];
    if (className) entries.set(className, asLiteral(readBlock(statements, index + 1, end, false), 0));
    else if (/^def\s+__init__\s*\([\s\S]*:$/.test(statement.text)) {
      for (const [name, value] of readBlock(statements, index + 1, end, true)) entries.set(name, value);
    } else {
      const assigned = readAssignment(statement, onlySelf);
      if (assigned) entries.set(assigned.name, assigned.value);
    }
    index = end - 1;
  }
  return entries;
}

function readAssignment(statement: Statement, onlySelf: boolean): { name: string; value: Literal } | null {
  const match = /^(self\s*\.\s*)?([\p{ID_Start}_]\p{ID_Continue}*)\s*(?::[^=]*)?=(?!=)/u.exec(statement.text);
  if (!match?.[2] || (onlySelf && !match[1])) return null;
  try {
    const value = new LiteralReader(statement.text, "python", match[0].length).readAll();
    return { name: match[2], value: shift(value, statement.start) };
  } catch (error) {
    if (error instanceof LiteralError) return null;
    throw error;
  }
}

/** Places in the statement become places in the file. */
function shift(literal: Literal, by: number): Literal {
  const entries =
    literal.entries &&
    new Map([...literal.entries].map(([key, entry]): [Scalar, Literal] => [key, shift(entry, by)]));
  return { value: literal.value, start: literal.start + by, end: literal.end + by, entries };
}

const pieceForm =
  /"""(?:[^\\]|\\[\s\S])*?(?:"""|$)|'''(?:[^\\]|\\[\s\S])*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*(?:"|(?=\n)|$)|'(?:[^'\\\n]|\\[\s\S])*(?:'|(?=\n)|$)|#[^\n]*|\\\r?\n|[([{]|[)\]}]|;|\r?\n|[^"'#\\()[\]{};\r\n]+|[\s\S]/g;

function splitStatements(text: string): readonly Statement[] {
  const statements: Statement[] = [];
  let depth = 0;
  let start = 0;
  let lineIndent: number | null = null;
  const finish = (end: number, newLine: boolean) => {
    const raw = text.slice(start, end);
    const blank = raw.length - raw.trimStart().length;
    if (lineIndent === null) lineIndent = indentOf(raw.slice(0, blank));
    // Comments inside brackets are left in: the reader of literals skips them, and places stay true.
    const content = raw.trimStart().replace(/(?:\s|\\\r?\n)+$/, "");
    if (content !== "") statements.push({ indent: lineIndent, text: content, start: start + blank });
    if (newLine) lineIndent = null;
  };
  for (const match of text.matchAll(pieceForm)) {
    const piece = match[0];
    const end = match.index + piece.length;
    if (piece.length === 1 && "([{".includes(piece)) depth++;
    else if (piece.length === 1 && ")]}".includes(piece)) depth = Math.max(0, depth - 1);
    else if (depth > 0) continue;
    else if (piece === "\n" || piece === "\r\n" || piece === ";") {
      finish(match.index, piece !== ";");
      start = end;
    } else if (piece.startsWith("#")) {
      finish(match.index, false);
      start = end;
    }
  }
  finish(text.length, true);
  return statements;
}

function indentOf(blank: string): number {
  let column = 0;
  for (const character of blank.slice(blank.lastIndexOf("\n") + 1)) {
    column = character === "\t" ? (Math.floor(column / 8) + 1) * 8 : column + 1;
  }
  return column;
}
