import type { Value } from "../model.ts";

/**
 * A date or time as it was written. Kept apart from strings, because a YAML reader tells the two apart as well.
 */
export class Timestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a key or a leaf of a file can be. Whole numbers are `bigint`, all other numbers are `number`. */
export type Scalar = null | boolean | bigint | number | string | Timestamp;

/**
 * What a file holds, as exactly as Python reads it: `1` and `1.0` differ, and so do the keys `1` and `"1"`; whole
 * numbers of any length are kept, and a mapping keeps its order. {@link toValue} makes plain JSON of it.
 */
export type Data = Scalar | readonly Data[] | DataMap;

export type DataMap = ReadonlyMap<Scalar, Data>;

export function isMap(data: Data | undefined): data is DataMap {
  return data instanceof Map;
}

export function isList(data: Data | undefined): data is readonly Data[] {
  return Array.isArray(data);
}

export function isScalar(data: Data): data is Scalar {
  return !isMap(data) && !isList(data);
}

/** Whether Python's `==` would call them equal: `1 == 1.0`, and mappings compare without order. */
export function dataEquals(left: Data, right: Data): boolean {
  if (isList(left)) {
    return (
      isList(right) &&
      left.length === right.length &&
      left.every((item, index) => dataEquals(item, right[index] as Data))
    );
  }
  if (isMap(left)) {
    if (!isMap(right) || left.size !== right.size) return false;
    return [...left].every(([key, item]) => {
      const other = right.get(key);
      return other !== undefined && dataEquals(item, other);
    });
  }
  return isScalar(right) && scalarEquals(left, right);
}

function scalarEquals(left: Scalar, right: Scalar): boolean {
  if (left instanceof Timestamp) return right instanceof Timestamp && left.text === right.text;
  if (typeof left === "bigint" && typeof right === "number") return Number(left) === right;
  if (typeof left === "number" && typeof right === "bigint") return left === Number(right);
  // Unlike in Python, not-a-number is itself, or a stage that has it among its parameters would run for ever.
  return Object.is(left, right) || left === right;
}

/** Plain JSON for people and views. Whole numbers beyond 2^53 lose their last digits. */
export function toValue(data: Data): Value {
  if (isList(data)) return data.map(toValue);
  if (isMap(data)) return toValues(data);
  if (typeof data === "bigint") return Number(data);
  return data instanceof Timestamp ? data.text : data;
}

/** As {@link toValue}, for a mapping; keys that are not strings become strings. */
export function toValues(map: DataMap): { readonly [key: string]: Value } {
  // From entries, so that a key like `__proto__` is a key like any other.
  return Object.fromEntries([...map].map(([key, item]) => [formatScalar(key), toValue(item)]));
}

/** The other way. A number without a fraction counts as a whole number. */
export function fromValue(value: Value): Data {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(fromValue);
  return new Map(Object.entries(value).map(([key, item]): [string, Data] => [key, fromValue(item)]));
}

/** A scalar as DVC puts it into a longer text: Python's `str()`, but `true` and `false` in lower case. */
export function formatScalar(scalar: Scalar): string {
  if (scalar === null) return "None";
  if (scalar instanceof Timestamp) return scalar.text;
  return typeof scalar === "number" ? formatFloat(scalar) : String(scalar);
}

/** A floating-point number as Python's `repr()` has it: `1.0`, `1e-05`, `inf`. */
export function formatFloat(float: number): string {
  if (Number.isNaN(float)) return "nan";
  if (!Number.isFinite(float)) return float < 0 ? "-inf" : "inf";
  if (Object.is(float, -0)) return "-0.0";
  if (float === 0) return "0.0";
  // Both languages print the shortest digits that read back the same; they differ in when to use an exponent.
  const [mantissa = "", exponentText = "0"] = float.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const digits = mantissa.replace(/[-.]/g, "");
  const sign = float < 0 ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${sign}${whole}.${digits.slice(exponent + 1) || "0"}`;
}

/** What Python calls the type of it, for messages that people compare with DVC's. */
export function typeName(data: Data): string {
  if (data === null) return "nothing";
  if (isList(data)) return "a list";
  if (isMap(data)) return "a mapping";
  if (data instanceof Timestamp) return "a date";
  if (typeof data === "bigint") return "a whole number";
  if (typeof data === "number") return "a number";
  return typeof data === "boolean" ? "true or false" : "a text";
}

/** Compares texts by code point, as Python sorts them; JavaScript's own order differs beyond the first plane. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  const leftPoints = [...left];
  const rightPoints = [...right];
  const length = Math.min(leftPoints.length, rightPoints.length);
  for (let index = 0; index < length; index++) {
    const difference = (leftPoints[index]?.codePointAt(0) ?? 0) - (rightPoints[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return leftPoints.length - rightPoints.length;
}
