import type { Data } from "./data.ts";

const units: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Longer than a timer can count. */
const longest = 2 ** 31 - 1;

/**
 * A duration of `dvc.yaml` in milliseconds: seconds as a number, or a text such as `90s`, `10m`, `1h30m`. `undefined`
 * when it is none, or longer than 24 days.
 */
export function readDuration(data: Data): number | undefined {
  const milliseconds = typeof data === "string" ? sumOf(data) : secondsOf(data) * 1_000;
  return milliseconds >= 0 && milliseconds <= longest ? milliseconds : undefined;
}

function secondsOf(data: Data): number {
  return typeof data === "bigint" || typeof data === "number" ? Number(data) : Number.NaN;
}

function sumOf(text: string): number {
  const compact = text.replaceAll(" ", "");
  if (!/^(?:\d+(?:\.\d+)?(?:ms|[smhd]))+$/.test(compact)) return Number.NaN;
  let sum = 0;
  for (const [, count, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g)) {
    sum += Number(count) * (units[unit ?? ""] ?? Number.NaN);
  }
  return sum;
}
