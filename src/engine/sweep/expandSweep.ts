import type { ParamChange } from "../run/request.ts";
import { drawDistinct, seededRandom } from "./random.ts";
import {
  countRuns,
  gridSize,
  type Sweep,
  type SweepAxis,
  type SweepChoice,
  type SweepValues,
} from "./sweep.ts";

/** Significant digits of a drawn number: more tell nothing, and names of runs get long. */
const drawnDigits = 4;

/**
 * The parameters of each run of a checked sweep. Without samples these are all combinations, the last parameter
 * changing fastest. With samples they are drawn: each combination of listed values as often as any other, give or take
 * one, and each number anew.
 */
export function expandSweep(
  sweep: Sweep,
  { samples, seed }: SweepChoice,
): readonly (readonly ParamChange[])[] {
  const size = gridSize(sweep);
  const random = seededRandom(seed);
  const count = countRuns(sweep, samples);
  const indexes: number[] = [];
  if (samples === null) for (let index = 0; index < count; index++) indexes.push(index);
  else
    while (indexes.length < count)
      indexes.push(...drawDistinct(Math.min(size, count - indexes.length), size, random));
  return indexes.map((index) => combination(sweep.axes, index, random));
}

function combination(
  axes: readonly SweepAxis[],
  index: number,
  random: () => number,
): readonly ParamChange[] {
  let rest = index;
  const places = axes.map(() => 0);
  for (const [at, { values }] of [...axes.entries()].reverse()) {
    if (values.kind !== "listed") continue;
    places[at] = rest % values.texts.length;
    rest = Math.floor(rest / values.texts.length);
  }
  return axes.map(({ file, key, values }, at) => {
    const value = values.kind === "listed" ? (values.texts[places[at] ?? 0] ?? "") : draw(values, random());
    return { file, key, value };
  });
}

/** A number between the bounds at a share of the way from 0 up to 1; both bounds can be drawn. */
function draw(values: SweepValues & { readonly kind: "drawn" }, share: number): string {
  const low = Number(values.low);
  const high = Number(values.high);
  const clamp = (number: number) => Math.min(high, Math.max(low, number));
  if (values.distribution === "loguniform") {
    const number = Math.exp(Math.log(low) + share * (Math.log(high) - Math.log(low)));
    return String(
      clamp(values.isWhole ? Math.round(number) : Number(number.toPrecision(digitsFor(number, high - low)))),
    );
  }
  if (values.isWhole) return String(clamp(low + Math.floor(share * (high - low + 1))));
  const number = low + share * (high - low);
  return String(clamp(Number(number.toPrecision(digitsFor(number, high - low)))));
}

/** As many significant digits as tell apart numbers in a range of this width. */
function digitsFor(number: number, width: number): number {
  const extra = number === 0 ? 0 : Math.floor(Math.log10(Math.abs(number))) - Math.floor(Math.log10(width));
  return Math.min(17, drawnDigits + Math.max(0, extra));
}
