/** Colours of a sparkline; an image in a hover can't take the theme's own. */
export interface SparklineColors {
  readonly line: string;
  readonly mark: string;
}

const width = 160;
const height = 32;
/** Keeps line and marks off the edges. */
const margin = 4;
/** Points beyond this number can't be told apart at this width. */
const pointLimit = 160;

/**
 * A small line chart of some numbers as the text of an SVG image; a dot marks the value at `marked`, or the last one.
 * Nothing in it comes from files but numbers. `null` for fewer than two values, which make no line.
 */
export function sparkline(
  values: readonly number[],
  colors: SparklineColors,
  marked: number = values.length - 1,
): string | null {
  const finite = values
    .map((value, index) => ({ value, index }))
    .filter(({ value }) => Number.isFinite(value));
  if (finite.length < 2) return null;
  const numbers = finite.map(({ value }) => value);
  const low = numbers.reduce((a, b) => Math.min(a, b));
  const high = numbers.reduce((a, b) => Math.max(a, b));
  const x = (index: number) => margin + (index / (values.length - 1)) * (width - 2 * margin);
  const y = (value: number) =>
    high === low
      ? height / 2
      : margin + (1 - (value / 2 - low / 2) / (high / 2 - low / 2)) * (height - 2 * margin);
  const points = thinned(finite).map(({ value, index }) => `${round(x(index))},${round(y(value))}`);
  const dot = finite.find(({ index }) => index === marked) ?? finite.at(-1);
  const circle =
    dot === undefined
      ? ""
      : `<circle cx="${round(x(dot.index))}" cy="${round(y(dot.value))}" r="3" fill="${colors.mark}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<polyline points="${points.join(" ")}" fill="none" stroke="${colors.line}" stroke-width="1.5"` +
    ` stroke-linejoin="round" stroke-linecap="round"/>${circle}</svg>`
  );
}

/** The lowest and the highest of each stretch, so that a spike stays in sight. */
function thinned(points: readonly { readonly value: number; readonly index: number }[]): typeof points {
  if (points.length <= pointLimit) return points;
  const size = Math.ceil((points.length * 2) / pointLimit);
  const kept: { readonly value: number; readonly index: number }[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const low = part.reduce((a, b) => (b.value < a.value ? b : a));
    const high = part.reduce((a, b) => (b.value > a.value ? b : a));
    kept.push(...(low.index < high.index ? [low, high] : high.index < low.index ? [high, low] : [low]));
  }
  return kept;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
