import { typeName } from "../pipeline/data.ts";
import { parseData, pickData } from "../pipeline/params.ts";
import { setParam } from "../pipeline/setParam.ts";
import { failure, type Result, success } from "../result.ts";
import { countRuns, isDrawn, mostRuns, type Sweep, type SweepAxis } from "./sweep.ts";

/** Gives the text of a params file, or why there is none. */
export type ReadParams = (file: string) => Result<string>;

/**
 * Holds a sweep against the params files: each value must have the type of the present one. Returns it with numbers
 * that are drawn for whole-number parameters marked so. Reasons: those of {@link setParam} and of `read`, and `usage`
 * for a number of runs that can't be.
 */
export function checkSweep(sweep: Sweep, samples: number | null, read: ReadParams): Result<Sweep> {
  const axes: SweepAxis[] = [];
  for (const axis of sweep.axes) {
    const checked = checkAxis(axis, read);
    if (!checked.ok) return checked;
    axes.push(checked.value);
  }
  const drawn = axes.find(isDrawn);
  if (drawn !== undefined && samples === null) {
    return failure(
      "usage",
      `${drawn.key} is drawn at random, so say how many runs there shall be: --samples N`,
    );
  }
  const count = countRuns(sweep, samples);
  if (count <= mostRuns) return success({ axes });
  const advice = samples === null ? "give fewer values, or draw some of them with --samples N" : "draw fewer";
  return failure("usage", `That makes more than ${mostRuns} runs; ${advice}`);
}

/** Checks the values of one parameter. */
export function checkAxis(axis: SweepAxis, read: ReadParams): Result<SweepAxis> {
  const { file, key, values } = axis;
  const text = read(file);
  if (!text.ok) return text;
  const texts = values.kind === "listed" ? values.texts : [values.low, values.high];
  for (const value of texts) {
    const changed = setParam(text.value, file, key, value);
    if (!changed.ok) return changed;
  }
  if (values.kind === "listed") return success(axis);
  const parsed = parseData(text.value, file);
  const present = parsed.ok ? pickData(parsed.value, key) : undefined;
  if (
    present === undefined ||
    (present !== null && typeof present !== "bigint" && typeof present !== "number")
  ) {
    const type = present === undefined ? "not there" : typeName(present);
    return failure(
      "invalid-value",
      `'${key}' in ${file} is ${type}, but ${values.distribution} draws numbers; list values as ${key}=A,B`,
      file,
    );
  }
  return success({ ...axis, values: { ...values, isWhole: typeof present === "bigint" } });
}
