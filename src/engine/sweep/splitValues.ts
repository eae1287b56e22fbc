const closing: { readonly [opening: string]: string } = { "[": "]", "{": "}", "(": ")" };

/**
 * The parts of a text between commas. Commas in brackets and in quotes separate nothing, so that `[1, 2]` is one
 * value. A text whose brackets or quotes don't fit together is one part: it is a value that only looks like a list.
 */
export function splitValues(text: string): readonly string[] {
  const parts: string[] = [];
  const open: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at);
    const isFirst = text.slice(start, at).trim() === "" || open.length > 0;
    // An apostrophe inside a word opens nothing.
    if ((sign === '"' || sign === "'") && isFirst) {
      const end = text.indexOf(sign, at + 1);
      if (end < 0) return [text.trim()];
      at = end;
    } else if (closing[sign] !== undefined) open.push(closing[sign]);
    else if (sign === open.at(-1)) open.pop();
    else if (sign === "," && open.length === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  return open.length > 0 ? [text.trim()] : [...parts, text.slice(start).trim()];
}
