import { failure, type Result, success } from "../../result.ts";

/** A word of a filter expression. `at` counts characters from 1. */
export interface Token {
  readonly kind: "word" | "text" | "operator" | "end";
  readonly text: string;
  readonly at: number;
}

const pattern =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|&&|\|\||[<>=~!()])|([^\s"'<>=~!()&|]+))/uy;
const words: { readonly [operator: string]: string } = { "=": "==", "&&": "and", "||": "or", "!": "not" };

/** Takes a filter expression apart; the last token is the end. */
export function tokensOf(expression: string): Result<readonly Token[]> {
  const tokens: Token[] = [];
  let position = 0;
  while (expression.slice(position).trim() !== "") {
    pattern.lastIndex = position;
    const match = pattern.exec(expression);
    const at = position + (/\S/.exec(expression.slice(position))?.index ?? 0) + 1;
    if (match === null) {
      const what = expression.slice(at - 1, at);
      const reason = what === '"' || what === "'" ? "is never closed" : "can't be understood";
      return failure("usage", `${what} at character ${at} ${reason}`);
    }
    position = pattern.lastIndex;
    const [, quoted, operator, word = ""] = match;
    if (quoted !== undefined) tokens.push({ kind: "text", text: unquote(quoted), at });
    else if (operator !== undefined) tokens.push({ kind: "operator", text: words[operator] ?? operator, at });
    else if (/^(and|or|not)$/i.test(word)) tokens.push({ kind: "operator", text: word.toLowerCase(), at });
    else tokens.push({ kind: "word", text: word, at });
  }
  return success([...tokens, { kind: "end", text: "", at: expression.length + 1 }]);
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gsu, "$1");
}
