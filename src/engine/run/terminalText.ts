/**
 * Control sequences as ECMA-48 has them: CSI with its parameters and final byte, OSC and its like, which the next escape
 * ends at the latest, and short ones.
 */
const sequences =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /\x1b\[([0-?]*)[ -/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]|[\x00-\x1f\x7f-\x9f]/g;
const tabWidth = 8;
/** A program that moves further up or right than this is not writing a log. */
const farthest = 10_000;

/**
 * What a terminal would show of an output in the end, as plain text: progress bars that were drawn over themselves are
 * one line, colours and other control sequences are gone. Lines are not wrapped, and nothing scrolls away.
 */
export function plainTerminalText(output: string): string {
  const screen = new Screen();
  let end = 0;
  for (const match of output.matchAll(sequences)) {
    screen.write(output.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[2] !== undefined) screen.control(match[2], match[1] ?? "");
    else screen.character(match[0]);
  }
  screen.write(output.slice(end));
  return screen.text;
}

/** Lines of text with a cursor. */
class Screen {
  readonly #lines: string[] = [""];
  #row = 0;
  #column = 0;

  get text(): string {
    return this.#lines.join("\n");
  }

  write(text: string): void {
    if (text === "") return;
    const line = this.#line.padEnd(this.#column);
    this.#line = line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }

  character(character: string): void {
    switch (character) {
      case "\n":
        this.#row += 1;
        if (this.#row === this.#lines.length) this.#lines.push("");
        this.#column = 0;
        break;
      case "\r":
        this.#column = 0;
        break;
      case "\b":
        this.#column = Math.max(0, this.#column - 1);
        break;
      case "\t":
        this.write(" ".repeat(tabWidth - (this.#column % tabWidth)));
        break;
    }
  }

  control(final: string, parameters: string): void {
    const count = Math.min(Number.parseInt(parameters, 10) || 1, farthest);
    switch (final) {
      case "A":
        this.#row = Math.max(0, this.#row - count);
        break;
      case "B":
        // No further than there are lines, as at the bottom of a terminal.
        this.#row = Math.min(this.#lines.length - 1, this.#row + count);
        break;
      case "C":
        this.#column = Math.min(this.#column + count, farthest);
        break;
      case "D":
        this.#column = Math.max(0, this.#column - count);
        break;
      case "F":
        this.#row = Math.max(0, this.#row - count);
        this.#column = 0;
        break;
      case "G":
        this.#column = count - 1;
        break;
      case "K":
        this.#erase(parameters);
        break;
      case "J":
        // From the cursor on; a program that clears the screen would clear the log.
        if (parameters === "" || parameters === "0") {
          this.#erase("0");
          this.#lines.length = this.#row + 1;
        }
        break;
    }
  }

  get #line(): string {
    return this.#lines[this.#row] ?? "";
  }

  set #line(text: string) {
    this.#lines[this.#row] = text;
  }

  /** Of the line: what follows the cursor (`0`), what is before it (`1`), or all (`2`). */
  #erase(parameters: string): void {
    if (parameters === "2") this.#line = "";
    else if (parameters === "1") this.#line = " ".repeat(this.#column) + this.#line.slice(this.#column);
    else this.#line = this.#line.slice(0, this.#column);
  }
}
