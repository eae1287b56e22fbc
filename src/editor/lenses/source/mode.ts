/** Where a token stands. */
interface TokenPlace {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether the code before it ends in a value. */
  readonly isAfterValue: () => boolean;
}

/** Makes the mode that a token begins. */
type MakeMode = (token: string, place: TokenPlace) => Mode;

/** What a token does. */
export type Step = { readonly when?: (place: TokenPlace) => boolean } & (
  | { readonly kind: "skip" | "comment" | "text" | "open" | "close" | "leave" | "lineEnd" }
  | { readonly kind: "enter"; readonly mode: MakeMode; readonly depth?: number }
  /** In place of the mode itself, outside of its brackets. */
  | { readonly kind: "replace"; readonly mode: MakeMode }
  | { readonly kind: "enterNextLine"; readonly mode: MakeMode }
);

/** A stretch of source in which the same tokens count. */
export interface Mode {
  /** What it is; `null`: code. */
  readonly hides: "comment" | "text" | null;
  /** The next token, with one group for each step. */
  readonly form: RegExp;
  readonly steps: readonly Step[];
}

/** A token, as the source of a regular expression without groups that capture, and what it does. */
export type Rule = readonly [form: string, step: Step];

/** A mode in which the first rule that fits counts. */
export function makeMode(hides: Mode["hides"], rules: readonly Rule[]): Mode {
  return {
    hides,
    form: new RegExp(rules.map(([form]) => `(${form})`).join("|"), "gm"),
    steps: rules.map(([, step]) => step),
  };
}

/** Makes a mode once, when it is first needed: modes stand in one another. */
export function lazy(make: () => Mode): () => Mode {
  let made: Mode | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** The same for modes that differ by a text, of which there are few. */
export function lazyBy(make: (key: string) => Mode): (key: string) => Mode {
  const made = new Map<string, Mode>();
  return (key) => {
    const mode = made.get(key) ?? make(key);
    made.set(key, mode);
    return mode;
  };
}

export const skip: Step = { kind: "skip" };
export const comment: Step = { kind: "comment" };
export const leave: Step = { kind: "leave" };

/** Backslashes with what they protect. */
export const escaped: Rule = [String.raw`(?:\\[\s\S])+`, skip];

/** For code that ends at a bracket which was not opened in it. */
export const brackets: readonly Rule[] = [
  [String.raw`[(\[{]`, { kind: "open" }],
  [String.raw`[)\]}]`, { kind: "close" }],
];

export function enter(mode: MakeMode): Step {
  return { kind: "enter", mode };
}
