/** Digits after the point beyond which a step is no step any more. */
const mostDigits = 30;

/** A decimal number as `digits / 10^scale`, without the rounding of binary fractions. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/**
 * The numbers from `start` on in steps up to, but without, `stop`, as Python's `range` has them but exact for fractions
 * too: `range(0.1, 0.4, 0.1)` is 0.1, 0.2, 0.3. At most `limit + 1` of them, so that a caller sees that there are too
 * many. `null` when one of the texts is no decimal number; empty when no number lies between.
 */
export function decimalRange(
  start: string,
  stop: string,
  step: string,
  limit: number,
): readonly string[] | null {
  const parsed = [start, stop, step].map(parseDecimal);
  const [first, last, by] = parsed;
  if (!first || !last || !by) return null;
  const scale = Math.max(first.scale, last.scale, by.scale);
  const scaled = ({ digits, scale: own }: Decimal) => digits * 10n ** BigInt(scale - own);
  const [at, end, width] = [scaled(first), scaled(last), scaled(by)];
  if (width === 0n) return [];
  const texts: string[] = [];
  for (let value = at; width > 0n ? value < end : value > end; value += width) {
    texts.push(formatDecimal({ digits: value, scale }));
    if (texts.length > limit) break;
  }
  return texts;
}

function parseDecimal(text: string): Decimal | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(text);
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match ?? [];
  if (!match || whole + fraction === "") return null;
  const exponent = Number(exponentText);
  if (exponent > mostDigits || fraction.length - exponent > mostDigits) return null;
  const digits = BigInt(whole + fraction) * (sign === "-" ? -1n : 1n);
  const scale = fraction.length - exponent;
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function formatDecimal({ digits, scale }: Decimal): string {
  const sign = digits < 0n ? "-" : "";
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  const fraction = text.slice(text.length - scale).replace(/0+$/, "");
  return fraction === "" ? sign + whole : `${sign}${whole}.${fraction}`;
}
