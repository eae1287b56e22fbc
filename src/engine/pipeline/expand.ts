import { posix } from "node:path";
import { type Context, type ReadFile, withIteration, withVars } from "./context.ts";
import {
  type Data,
  type DataMap,
  formatScalar,
  isList,
  isMap,
  isScalar,
  type Scalar,
  typeName,
} from "./data.ts";
import { type FlagStyle, interpolate, interpolateText, type Report } from "./template.ts";
import type { DataPath } from "./yaml.ts";

/** One stage with every `${…}` replaced. */
export interface ExpandedStage {
  /** `train`, or `train@0.1` when it was generated. */
  readonly name: string;
  readonly data: DataMap;
}

export interface Expansion {
  readonly context: Context;
  /** The folder of the pipeline file, from the project's root. */
  readonly directory: string;
  readonly flags: FlagStyle;
  readonly read: ReadFile;
  readonly warn: Report;
}

/** More stages than this from one definition is a mistake (a product of long axes), not a plan. */
const mostStages = 100_000;

/**
 * The stages that one entry under `stages` stands for: itself, or those that its `foreach` or `matrix` generates.
 * `report` gets the name of the stage that a problem keeps from running; `null` for all of them.
 */
export function expandStage(
  name: string,
  definition: DataMap,
  expansion: Expansion,
  report: (message: string, path: DataPath, stage: string | null) => void,
): readonly ExpandedStage[] {
  const place: DataPath = ["stages", name];
  const reportAll: Report = (message, path) => report(message, path, null);
  if (definition.has("foreach")) {
    const body = definition.get("do");
    if (!isMap(body)) return [];
    const list: DataPath = [...place, "foreach"];
    const turns = foreachTurns(definition.get("foreach") ?? null, expansion, list, reportAll);
    return generate(name, body, namable(name, turns, list, report), [...place, "do"], expansion, report);
  }
  if (definition.has("matrix")) {
    const body = new Map([...definition].filter(([key]) => key !== "matrix"));
    const lists: DataPath = [...place, "matrix"];
    const turns = matrixTurns(definition.get("matrix") ?? null, expansion, lists, reportAll);
    return generate(name, body, namable(name, turns, lists, report), place, expansion, report);
  }
  const stage = resolveStage(name, definition, expansion.context, place, expansion, report);
  return stage ? [stage] : [];
}

/** One turn: what is set during it, by the key that the stage's name ends with. */
type Turns = ReadonlyMap<string, readonly (readonly [string, Data])[]>;

/** Without the turns whose stage nobody could name: as in DVC, the key is what follows the last '@'. */
function namable(
  name: string,
  turns: Turns,
  place: DataPath,
  report: (message: string, path: DataPath, stage: string | null) => void,
): Turns {
  const good = new Map(turns);
  for (const key of turns.keys()) {
    if (key !== "" && !key.includes("@")) continue;
    const what = key === "" ? "An empty text" : `'${key}'`;
    report(
      `${what} can't be in the name of a stage; use mappings, whose stages are numbered`,
      place,
      `${name}@${key}`,
    );
    good.delete(key);
  }
  return good;
}

function generate(
  name: string,
  body: DataMap,
  turns: Turns,
  place: DataPath,
  expansion: Expansion,
  report: (message: string, path: DataPath, stage: string | null) => void,
): readonly ExpandedStage[] {
  const stages: ExpandedStage[] = [];
  for (const [key, entries] of turns) {
    const context = withIteration(expansion.context, entries);
    const stage = resolveStage(`${name}@${key}`, body, context, place, expansion, report);
    if (stage) stages.push(stage);
  }
  return stages;
}

function resolveStage(
  name: string,
  body: DataMap,
  outer: Context,
  place: DataPath,
  expansion: Expansion,
  report: (message: string, path: DataPath, stage: string | null) => void,
): ExpandedStage | null {
  let failed = false;
  const fail: Report = (message, path) => {
    failed = true;
    report(message, path, name);
  };
  const context = withStageVars(body, outer, place, expansion, fail);
  if (failed) return null;
  const data = new Map<Scalar, Data>();
  for (const [key, value] of body) {
    if (key === "vars") continue;
    const allow = key === "cmd" ? "flags" : "scalars";
    const how = { variables: context, flags: expansion.flags, allow } as const;
    data.set(key, interpolate(value, how, [...place, String(key)], fail));
  }
  return failed ? null : { name, data };
}

/** The stage's own `vars`, whose files are looked up from its working directory. */
function withStageVars(
  body: DataMap,
  outer: Context,
  place: DataPath,
  expansion: Expansion,
  fail: Report,
): Context {
  const vars = body.get("vars") ?? null;
  if (!isList(vars) || vars.length === 0) return outer;
  const wdir = body.get("wdir");
  const how = { variables: outer, flags: expansion.flags, allow: "scalars" } as const;
  const resolved = typeof wdir === "string" ? interpolateText(wdir, how, [...place, "wdir"], fail) : ".";
  const directory = posix.join(expansion.directory, isScalar(resolved) ? formatScalar(resolved) : ".");
  return withVars(outer, vars, directory, expansion.read, [...place, "vars"], fail);
}

function foreachTurns(data: Data, expansion: Expansion, place: DataPath, report: Report): Turns {
  const turns = new Map<string, readonly (readonly [string, Data])[]>();
  const items = resolveIterated(data, expansion, place, report);
  if (items === undefined) return turns;
  warnOfHiding(isMap(items) ? ["item", "key"] : ["item"], expansion, place);
  if (isMap(items)) {
    for (const [key, item] of items) {
      const name = keyText(key);
      turns.set(name, [
        ["item", item],
        ["key", name],
      ]);
    }
  } else if (isList(items)) {
    const byIndex = items.some((item) => !isScalar(item));
    for (const [index, item] of items.entries()) {
      const name = byIndex ? String(index) : itemText(item as Scalar, isVariable(data, index));
      turns.set(name, [["item", item]]);
    }
  } else report(`'foreach' needs a list or a mapping, not ${typeName(items)}`, place);
  if (turns.size === 0 && (isList(items) || isMap(items))) {
    expansion.warn("There is nothing in this 'foreach', so it makes no stage", place);
  }
  return turns;
}

function matrixTurns(data: Data, expansion: Expansion, place: DataPath, report: Report): Turns {
  const turns = new Map<string, readonly (readonly [string, Data])[]>();
  const resolved = resolveIterated(data, expansion, place, report);
  if (!isMap(resolved)) return turns;
  warnOfHiding(["item", "key"], expansion, place);
  const axes: (readonly AxisValue[])[] = [];
  for (const [axis, values] of resolved) {
    const name = keyText(axis);
    const source = isMap(data) ? data.get(axis) : undefined;
    const choice = (value: Data, index: number): AxisValue => ({
      axis: name,
      value,
      name: isScalar(value) ? itemText(value, isVariable(source, index)) : `${name}${index}`,
    });
    if (isList(values)) axes.push(values.map(choice));
    else if (isMap(values)) axes.push([...values.keys()].map(choice));
    else {
      report(`'${name}' in 'matrix' needs a list, not ${typeName(values)}`, [...place, name]);
      return turns;
    }
  }
  const count = axes.reduce((product, values) => product * values.length, 1);
  if (count > mostStages) {
    report(`This matrix makes ${count} stages; ${mostStages} is the most`, place);
    return turns;
  }
  if (axes.length === 0) {
    report("A 'matrix' needs at least one name with a list", place);
    return turns;
  }
  if (count === 0) expansion.warn("There is an empty list in this 'matrix', so it makes no stage", place);
  for (const combination of product(axes)) {
    const key = combination.map(({ name }) => name).join("-");
    const item = new Map<Scalar, Data>(combination.map(({ axis, value }) => [axis, value]));
    turns.set(key, [
      ["item", item],
      ["key", key],
    ]);
  }
  return turns;
}

interface AxisValue {
  readonly axis: string;
  readonly value: Data;
  /** Its part of the stage's name. */
  readonly name: string;
}

function product(axes: readonly (readonly AxisValue[])[]): readonly (readonly AxisValue[])[] {
  let combinations: readonly (readonly AxisValue[])[] = [[]];
  for (const values of axes) {
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  return combinations;
}

function resolveIterated(
  data: Data,
  expansion: Expansion,
  place: DataPath,
  report: Report,
): Data | undefined {
  let failed = false;
  const how = { variables: expansion.context, flags: expansion.flags, allow: "everything" } as const;
  const resolved = interpolate(data, how, place, (message, path) => {
    failed = true;
    report(message, path);
  });
  return failed ? undefined : resolved;
}

function warnOfHiding(names: readonly string[], expansion: Expansion, place: DataPath): void {
  for (const name of names) {
    if (!expansion.context.values.has(name)) continue;
    expansion.warn(
      `'${name}' is a variable of the project too; here it means the turn's own '${name}'`,
      place,
    );
  }
}

/** A key as part of a stage's name. */
function keyText(key: Scalar): string {
  return formatScalar(key);
}

/** An item as part of a stage's name, where DVC leaves truth values out of variables as Python prints them. */
function itemText(item: Scalar, isFromVariable: boolean): string {
  if (typeof item === "boolean" && isFromVariable) return item ? "True" : "False";
  return formatScalar(item);
}

/** Whether an item of a list is the value of a `${…}`, be it for the item or for the whole list. */
function isVariable(list: Data | undefined, index: number): boolean {
  return !isList(list) || typeof list[index] === "string";
}
