const longestMessage = 300;

/** A message about a pipeline file, for one line: names out of a file that is half typed can be half the file. */
export function oneLine(message: string): string {
  const text = message.replace(/\s+/g, " ");
  return text.length > longestMessage ? `${text.slice(0, longestMessage - 1)}…` : text;
}
