/** How the lines of an experiment look. Colour and dash both differ, so that neither is the only cue. */
export interface LineStyle {
  /** Number of the `--hue` class in the style sheet. */
  readonly hue: number;
  /** Lengths of strokes and gaps in pixels; empty for a solid line. */
  readonly dash: readonly number[];
}

export const hueCount = 6;

const dashes: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [10, 3, 2, 3],
  [5, 2],
  [14, 4],
  [8, 3, 2, 3, 2, 3],
  [3, 6],
  [16, 3, 4, 3],
];

/** The style of a slot. The first 54 slots all differ; more than a comparison holds. */
export function lineStyle(slot: number): LineStyle {
  const hue = slot % hueCount;
  const dash = dashes[(hue + Math.floor(slot / hueCount)) % dashes.length] ?? [];
  return { hue, dash };
}
