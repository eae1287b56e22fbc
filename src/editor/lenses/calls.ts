/** Characters of a call's arguments that are looked at. */
const argumentLimit = 500;

/** Where a call's arguments end: at its closing parenthesis, or where nobody looks any more. `start` is behind the opening one. */
export function closingOf(visible: string, start: number): number {
  const limit = Math.min(visible.length, start + argumentLimit);
  let depth = 1;
  for (let at = start; at < limit; at += 1) {
    if (visible[at] === "(") depth += 1;
    if (visible[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return limit;
}

/** Where the arguments begin that a closing parenthesis ends. */
export function openingOf(visible: string, closing: number): number {
  const limit = Math.max(0, closing - argumentLimit);
  let depth = 0;
  for (let at = closing; at > limit; at -= 1) {
    if (visible[at] === ")") depth += 1;
    if (visible[at] === "(") depth -= 1;
    if (depth === 0) return at;
  }
  return limit;
}

/** Characters of a line before a name that are looked at. */
const lineReach = 200;

const keyword = /\b(?:def|function\*?|macro)\s+$/;
/** Words that stand before a method where a class or an interface says that it has it. */
const member =
  /^[ \t]*(?:(?:public|private|protected|static|async|abstract|override|declare|get|set)[ \t]+)*\*?[ \t]*$/;

/** What follows the parentheses of a definition: a body, a type, or Julia's short form. */
const bodyOf: { readonly [languageId: string]: RegExp } = {
  julia: /^\s*(?:::[^=\n]{1,80}|where\b[^=\n]{1,80})*=(?![=>])/,
};
const body = /^[ \t]*\{/;
const type = /^[ \t]*:/;

/**
 * Whether a name with parentheses is not called but defined. `name` is where it begins, `start` is behind the opening
 * parenthesis.
 */
export function isDefinition(visible: string, languageId: string, name: number, start: number): boolean {
  const before = visible.slice(Math.max(0, name - lineReach), name).replace(/^[\s\S]*\n/, "");
  if (keyword.test(before)) return true;
  const closing = closingOf(visible, start);
  const after = visible.slice(closing + 1, closing + 200);
  if (languageId in bodyOf) return bodyOf[languageId]?.test(after) ?? false;
  return (
    /^(?:java|type)script/.test(languageId) && (body.test(after) || (type.test(after) && member.test(before)))
  );
}

/** Names, as the source of a regular expression, where the shell takes them for commands. */
export function shellCommand(names: string): RegExp {
  const gap = String.raw`(?:[ \t]|\\\r?\n)*`;
  const words = "do|then|else|elif|if|while|until|time";
  const before = String.raw`(?<!\\\r?\n)^|[;&|(!)${"`"}]|(?<![^\s;])\{(?=\s)|\b(?:${words})(?=\s)`;
  const assignments = String.raw`(?:\w+=\S*[ \t]+)*`;
  return new RegExp(String.raw`(?<=(?:${before})${gap}${assignments})(?:${names})(?![\w-]|[ \t]*\()`, "gm");
}
