import { failure, type Result, success } from "../result.ts";
import type { ParamChange } from "../run/request.ts";
import { decimalRange } from "./decimalRange.ts";
import { splitValues } from "./splitValues.ts";
import { mostRuns, type Sweep, type SweepAxis, type SweepValues } from "./sweep.ts";

/** Reads `FILE:KEY=VALUE` or `KEY=VALUE` (then of `params.yaml`). Reasons: `usage`. */
function readParamChange(text: string): Result<ParamChange> {
  const match = /^(?:(?<file>[^=]+):)?(?<key>[^:=]+)=(?<value>[\s\S]*)$/.exec(text);
  const { file, key, value } = match?.groups ?? {};
  if (key === undefined || value === undefined) {
    return failure("usage", `--set takes FILE:KEY=VALUE, such as params.yaml:train.lr=0.1, not "${text}"`);
  }
  return success({ file: file ?? "params.yaml", key, value });
}

/**
 * Reads assignments whose values may be several: `lr=0.1,0.01`, `epochs=range(1,10,3)`, `lr=uniform(0,1)`,
 * `lr=loguniform(1e-4,1e-1)`, `optimizer=choice(sgd,adam)`. Reasons: `usage`.
 */
export function parseSweep(assignments: readonly string[]): Result<Sweep> {
  const axes: SweepAxis[] = [];
  for (const text of assignments) {
    const change = readParamChange(text);
    if (!change.ok) return change;
    const { file, key, value } = change.value;
    if (axes.some((axis) => axis.file === file && axis.key === key)) {
      return failure("usage", `${key} of ${file} is set twice; write its values as ${key}=A,B`);
    }
    const values = parseValues(key, value);
    if (!values.ok) return values;
    axes.push({ file, key, values: values.value });
  }
  return success({ axes });
}

/** What stands behind the `=` of one parameter. */
export function parseValues(key: string, text: string): Result<SweepValues> {
  const call = /^\s*(range|uniform|loguniform|choice)\(([\s\S]*)\)\s*$/.exec(text);
  const [, name = "", inside = ""] = call ?? [];
  switch (name) {
    case "range":
      return parseRange(key, splitValues(inside));
    case "uniform":
    case "loguniform":
      return parseDrawn(key, name, splitValues(inside));
    case "choice":
      return listed(key, splitValues(inside));
    default: {
      const parts = splitValues(text);
      // One value stays as it was typed: it may be a text with blanks around it, or an empty one.
      return parts.length === 1 ? success({ kind: "listed", texts: [text] }) : listed(key, parts);
    }
  }
}

function listed(key: string, parts: readonly string[]): Result<SweepValues> {
  if (parts.includes("")) {
    return failure("usage", `${key} has nothing between two commas; write an empty text as ''`);
  }
  return success({ kind: "listed", texts: [...new Set(parts)] });
}

function parseRange(key: string, parts: readonly string[]): Result<SweepValues> {
  const [start = "", stop = "", step = "1"] = parts;
  const texts = parts.length > 3 ? null : decimalRange(start, stop, step, mostRuns);
  if (texts === null) {
    return failure("usage", `${key}: range takes numbers, range(START,STOP) or range(START,STOP,STEP)`);
  }
  const written = `range(${parts.join(",")})`;
  if (texts.length === 0) return failure("usage", `${key}: ${written} holds no number; STOP is not included`);
  if (texts.length > mostRuns) {
    return failure("usage", `${key}: ${written} holds more than ${mostRuns} numbers; take a larger step`);
  }
  return success({ kind: "listed", texts });
}

function parseDrawn(
  key: string,
  distribution: "uniform" | "loguniform",
  parts: readonly string[],
): Result<SweepValues> {
  const [low = "", high = ""] = parts;
  const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));
  if (parts.length !== 2 || !isNumber(low) || !isNumber(high)) {
    return failure("usage", `${key}: ${distribution} takes two numbers, ${distribution}(LOW,HIGH)`);
  }
  if (Number(low) >= Number(high)) {
    return failure(
      "usage",
      `${key}: in ${distribution}(${low},${high}) the first number must be the smaller one`,
    );
  }
  if (distribution === "loguniform" && Number(low) <= 0) {
    return failure("usage", `${key}: loguniform takes numbers above 0, not ${low}`);
  }
  return success({ kind: "drawn", distribution, low, high, isWhole: false });
}
