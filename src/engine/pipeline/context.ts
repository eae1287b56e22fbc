import { posix } from "node:path";
import { type Data, type DataMap, formatScalar, isList, isMap, type Scalar } from "./data.ts";
import { parseData } from "./params.ts";
import { hasExpressions, type Report } from "./template.ts";
import type { DataPath } from "./yaml.ts";

/** Reads a file by its path from the project's root; `null` when there is none. */
export type ReadFile = (path: string) => string | null;

/** What `${…}` can name at one place of a pipeline file. Never changed: what adds to it makes a new one. */
export interface Context {
  readonly values: DataMap;
  /** Files read so far, with the keys taken from each; `null` for all. */
  readonly imports: ReadonlyMap<string, readonly string[] | null>;
  /** Names that `vars` may not set: `item` and `key` inside `foreach` and `matrix`. */
  readonly reserved: ReadonlySet<string>;
  /** Whether something could not be read, so that a name that is missing may be defined after all. */
  readonly isPartial: boolean;
}

export const emptyContext: Context = {
  values: new Map(),
  imports: new Map(),
  reserved: new Set(),
  isPartial: false,
};

const defaultParamsFile = "params.yaml";

/** Adds `params.yaml` beside the pipeline file, if it is there. */
export function withDefaultParams(
  context: Context,
  directory: string,
  read: ReadFile,
  report: Report,
): Context {
  const path = posix.join(directory, defaultParamsFile);
  if (read(path) === null) return context;
  let isPartial = false;
  const imported = importFile(context, path, null, read, (message) => {
    isPartial = true;
    report(message, ["vars"]);
  });
  return isPartial ? { ...context, isPartial } : imported;
}

/**
 * Adds the entries of a `vars` list: files (`params.json`, `config.yaml:model,train`), and mappings.
 * Stops at the first that is wrong.
 */
export function withVars(
  context: Context,
  vars: Data,
  directory: string,
  read: ReadFile,
  path: DataPath,
  report: Report,
): Context {
  if (!isList(vars)) return context;
  let failed = false;
  let current = context;
  for (const [index, item] of vars.entries()) {
    const fail = (message: string) => {
      failed = true;
      report(message, [...path, index]);
    };
    if (hasExpressions(item)) fail("${…} can't be used under vars");
    else if (typeof item === "string") {
      const colon = item.indexOf(":");
      const name = colon < 0 ? item : item.slice(0, colon);
      const keys =
        colon < 0
          ? []
          : item
              .slice(colon + 1)
              .split(",")
              .filter((key) => key !== "");
      current = importFile(current, posix.join(directory, name), keys.length > 0 ? keys : null, read, fail);
    } else if (isMap(item)) current = merge(current, item, fail);
    if (failed) return { ...current, isPartial: true };
  }
  return current;
}

/** Sets `item` (and `key`) for one turn of a `foreach` or `matrix`. */
export function withIteration(context: Context, entries: readonly (readonly [string, Data])[]): Context {
  const values = new Map(context.values);
  const reserved = new Set(context.reserved);
  for (const [name, value] of entries) {
    values.set(name, textKeys(value));
    reserved.add(name);
  }
  return { ...context, values, reserved };
}

function importFile(
  context: Context,
  path: string,
  keys: readonly string[] | null,
  read: ReadFile,
  fail: (message: string) => void,
): Context {
  const imported = context.imports.get(path);
  if (imported !== undefined) {
    if (imported === null && keys === null) return context;
    const again = keys === null || imported === null || keys.some((key) => imported.includes(key));
    if (again) {
      fail(`'${path}' is read into the variables already; name it once`);
      return context;
    }
  }
  const text = read(path);
  if (text === null) {
    fail(`The variables file '${path}' is not there; create it or remove it from vars`);
    return context;
  }
  const parsed = parseData(text, path);
  if (!parsed.ok) {
    fail(parsed.problem.message);
    return context;
  }
  let chosen = parsed.value;
  if (keys) {
    const missing = keys.find((key) => !parsed.value.has(key));
    if (missing !== undefined) {
      fail(`'${path}' has no '${missing}'; add it or remove it from vars`);
      return context;
    }
    chosen = new Map(keys.map((key) => [key, parsed.value.get(key) as Data]));
  }
  const merged = merge(context, chosen, fail);
  if (merged === context) return context;
  const all = imported && keys ? [...imported, ...keys] : keys;
  return { ...merged, imports: new Map(context.imports).set(path, all) };
}

function merge(context: Context, update: DataMap, fail: (message: string) => void): Context {
  const taken = [...update.keys()].find((key) => typeof key === "string" && context.reserved.has(key));
  if (taken !== undefined) {
    fail(`'${formatScalar(taken)}' is set by foreach or matrix and can't be set by vars; use another name`);
    return context;
  }
  const values = mergeMaps(context.values, textKeys(update) as DataMap, [], fail);
  return values ? { ...context, values } : context;
}

function mergeMaps(
  into: DataMap,
  update: DataMap,
  path: readonly string[],
  fail: (message: string) => void,
): DataMap | null {
  const result = new Map(into);
  for (const [key, value] of update) {
    const present = result.get(key);
    const place = [...path, formatScalar(key)];
    if (isMap(present) && isMap(value)) {
      const inner = mergeMaps(present, value, place, fail);
      if (!inner) return null;
      result.set(key, inner);
    } else if (present !== undefined) {
      fail(`'${place.join(".")}' is defined already; a variable can be set in one place only`);
      return null;
    } else result.set(key, value);
  }
  return result;
}

/** Only names that are texts can be reached by `${…}`. */
function textKeys(data: Data): Data {
  if (isList(data)) return data.map(textKeys);
  if (!isMap(data)) return data;
  const result = new Map<Scalar, Data>();
  for (const [key, value] of data) if (typeof key === "string") result.set(key, textKeys(value));
  return result;
}
