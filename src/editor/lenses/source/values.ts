/** Words behind which a value begins, as behind an operator; behind other words none does. */
const beforeValue =
  /^(?:return|typeof|instanceof|in|of|new|delete|void|throw|case|do|else|await|yield|default)$/;

/** Characters that are looked at. */
const reach = 40;

/**
 * Whether code has just said a value where it ends, so that a slash divides it, or a `<` compares it; `null` when there
 * is nothing but blanks in the stretch.
 */
export function endsInValue(text: string, start: number, end: number): boolean | null {
  let last = end;
  while (last > start && /\s/.test(text[last - 1] ?? "")) last -= 1;
  if (last === start) return null;
  const code = text.slice(Math.max(start, last - reach), last);
  const word = /[\w$]+$/.exec(code)?.[0];
  if (word !== undefined) return !beforeValue.test(word) || code.endsWith(`.${word}`);
  return /(?:\+\+|--|[\w$]!|[)\]])$/.test(code);
}
