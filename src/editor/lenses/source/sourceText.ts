import { languageModes } from "./languages.ts";
import type { Mode, Step } from "./mode.ts";
import { endsInValue } from "./values.ts";

/** A text in quotes; offsets include the quotes. */
export interface SourceString {
  readonly start: number;
  readonly end: number;
  readonly content: string;
}

/** A source file with its comments and texts made unreadable, letter by letter. */
export interface SourceText {
  /** Comments are blanks. Letters of texts are `hiddenLetter`; code that stands in a text can be read. */
  readonly visible: string;
  /** In the order of their starts. */
  readonly strings: readonly SourceString[];
}

/** A letter that no source file has, for each one of a text in quotes: a text is a value, unlike a comment. */
const hiddenLetter = "\uFFFC";

/** Languages whose comments and texts are known. */
export const sourceLanguages = Object.keys(languageModes);

/** Where a scan is: innermost last. */
interface Frame {
  readonly mode: Mode;
  /** Open brackets of its own. */
  depth: number;
  /** Its text among `strings`, and where the content of that begins. */
  readonly text: { readonly index: number; readonly from: number } | null;
}

/** Tells code from comments and texts in quotes. Of a language that is not known, all counts as code. */
export function readSource(text: string, languageId: string): SourceText {
  const root = languageModes[languageId];
  return root === undefined ? { visible: text, strings: [] } : new Scan(text, root).run();
}

/** One way through a source file, by modes on a stack, so that depth costs nothing. */
class Scan {
  readonly #text: string;
  readonly #strings: SourceString[] = [];
  readonly #frames: Frame[];
  /** Modes that begin at the end of the line. */
  #waiting: Mode[] = [];
  readonly #pieces: string[] = [];
  /** Up to where the text is in the pieces. */
  #done = 0;
  #at = 0;
  /** Where the last token ended, and whether it was a value. */
  #tokenEnd = 0;
  #isValue = false;

  constructor(text: string, root: Mode) {
    this.#text = text;
    this.#frames = [{ mode: root, depth: 0, text: null }];
  }

  run(): SourceText {
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const { form } = frame.mode;
      form.lastIndex = this.#at;
      const match = form.exec(this.#text);
      if (match === null) break;
      this.#take(frame, match);
    }
    const { length } = this.#text;
    this.#show(length);
    for (const { text } of this.#frames) this.#closeText(text, length, length);
    return { visible: this.#pieces.join(""), strings: this.#strings };
  }

  #take(frame: Frame, match: RegExpExecArray): void {
    const [token] = match;
    const start = match.index;
    const end = start + token.length;
    const step = stepOf(frame.mode, match);
    const place = { text: this.#text, start, end, isAfterValue: () => this.#isAfterValue(start) };
    if (step === null || (step.when && !step.when(place))) {
      this.#at = start + 1;
      return;
    }
    const isValue = step.kind === "comment" ? this.#isAfterValue(start) : step.kind === "text";
    this.#show(start);
    this.#at = end;
    this.#tokenEnd = end;
    this.#isValue = isValue;
    switch (step.kind) {
      case "skip":
        break;
      case "comment":
        this.#hide(end, " ");
        break;
      case "text":
        this.#hide(end, hiddenLetter);
        this.#strings.push({ start, end, content: token.slice(1, -1) });
        break;
      case "open":
        frame.depth += 1;
        break;
      case "close":
        if (frame.depth > 0) frame.depth -= 1;
        else this.#leave(frame, start, end);
        break;
      case "leave":
        this.#leave(frame, start, end);
        break;
      case "enter":
        this.#enter(step.mode(token, place), start, end, step.depth ?? 0);
        break;
      case "replace":
        if (frame.depth > 0) break;
        this.#frames.pop();
        this.#enter(step.mode(token, place), start, end, 0);
        break;
      case "enterNextLine":
        this.#waiting.push(step.mode(token, place));
        break;
      case "lineEnd":
        for (const mode of this.#waiting.toReversed()) this.#enter(mode, end, end, 0);
        this.#waiting = [];
        break;
    }
  }

  #enter(mode: Mode, start: number, end: number, depth: number): void {
    if (mode.hides !== null) this.#hide(end, letterOf(mode.hides));
    const text = mode.hides === "text" ? { index: this.#strings.length, from: end } : null;
    if (text !== null) this.#strings.push({ start, end, content: "" });
    this.#frames.push({ mode, depth, text });
  }

  #leave(frame: Frame, start: number, end: number): void {
    // Nothing is around the whole file.
    if (this.#frames.length === 1) return;
    this.#show(end);
    this.#frames.pop();
    this.#closeText(frame.text, start, end);
    this.#isValue = frame.mode.hides !== "comment";
  }

  #closeText(text: Frame["text"], contentEnd: number, end: number): void {
    const opened = text === null ? undefined : this.#strings[text.index];
    if (text === null || opened === undefined) return;
    this.#strings[text.index] = {
      start: opened.start,
      end,
      content: this.#text.slice(text.from, contentEnd),
    };
  }

  #isAfterValue(offset: number): boolean {
    return endsInValue(this.#text, this.#tokenEnd, offset) ?? this.#isValue;
  }

  /** Takes over what is before an offset, as the mode of now has it. */
  #show(end: number): void {
    const hides = this.#frames.at(-1)?.mode.hides ?? null;
    if (hides !== null) this.#hide(end, letterOf(hides));
    else if (end > this.#done) {
      this.#pieces.push(this.#text.slice(this.#done, end));
      this.#done = end;
    }
  }

  #hide(end: number, letter: string): void {
    if (end <= this.#done) return;
    this.#pieces.push(this.#text.slice(this.#done, end).replaceAll(/[^\n]/g, letter));
    this.#done = end;
  }
}

/** The step of the token that was found. */
function stepOf({ steps }: Mode, match: RegExpExecArray): Step | null {
  for (const [index, step] of steps.entries()) if (match[index + 1] !== undefined) return step;
  return null;
}

function letterOf(hides: Mode["hides"]): string {
  return hides === "comment" ? " " : hiddenLetter;
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
