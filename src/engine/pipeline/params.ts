import { posix } from "node:path";
import { parse as parseToml, TomlDate, TomlError } from "smol-toml";
import type { Value } from "../model.ts";
import { failure, type Result, success } from "../result.ts";
import {
  type Data,
  type DataMap,
  formatScalar,
  isList,
  isMap,
  type Scalar,
  Timestamp,
  toValues,
  typeName,
} from "./data.ts";
import { LiteralError, LiteralReader } from "./literal.ts";
import { readPython } from "./python.ts";
import type { ParamsDependency } from "./stage.ts";
import { readYaml } from "./yaml.ts";

export type ParamsFormat = "yaml" | "json" | "toml" | "python";

/** The format of a params or metrics file, by its suffix; whatever is not known is read as YAML. */
export function formatOf(file: string): ParamsFormat {
  switch (posix.extname(file).toLowerCase()) {
    case ".json":
      return "json";
    case ".toml":
      return "toml";
    case ".py":
      return "python";
    default:
      return "yaml";
  }
}

/** The values of a params or metrics file, exactly. Reasons: `invalid-params`. */
export function parseData(text: string, file: string): Result<DataMap, "invalid-params"> {
  const parsed = parseByFormat(text, file);
  if (!parsed.ok) return parsed;
  const data = parsed.value;
  if (data === null || data === "") return success(new Map());
  if (isMap(data)) return success(data);
  return failure(
    "invalid-params",
    `${file} holds ${typeName(data)}, not names with values; write it as 'name: value'`,
    file,
  );
}

/** As {@link parseData}, as plain JSON. */
export function parseValues(
  text: string,
  file: string,
): Result<{ readonly [key: string]: Value }, "invalid-params"> {
  const parsed = parseData(text, file);
  return parsed.ok ? success(toValues(parsed.value)) : parsed;
}

function parseByFormat(text: string, file: string): Result<Data, "invalid-params"> {
  const invalid = (what: string, line: number | null) =>
    failure("invalid-params", `${file}${line === null ? "" : `, line ${line}`}: ${what}`, file);
  const content = text.replace(/^\uFEFF/, "");
  switch (formatOf(file)) {
    case "json":
      if (content.trim() === "") return success(null);
      try {
        return success(new LiteralReader(content, "json").readAll().value);
      } catch (error) {
        if (!(error instanceof LiteralError)) throw error;
        return invalid(`Invalid JSON: ${error.message}`, content.slice(0, error.offset).split("\n").length);
      }
    case "toml":
      try {
        return success(fromToml(parseToml(content, { integersAsBigInt: true })));
      } catch (error) {
        if (error instanceof TomlError) return invalid(firstLine(error.message), error.line);
        // Nesting beyond what the parser's stack holds.
        if (error instanceof RangeError) return invalid("this file nests too deeply to be read", null);
        throw error;
      }
    case "python":
      return success(readPython(content).value);
    case "yaml": {
      const { data, problems } = readYaml(content);
      const [problem] = problems;
      return problem ? invalid(problem.message, problem.range.start.line + 1) : success(data);
    }
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? text;
}

function fromToml(value: unknown): Data {
  if (value instanceof TomlDate) return new Timestamp(value.toISOString());
  if (Array.isArray(value)) return value.map(fromToml);
  if (value !== null && typeof value === "object") {
    return new Map(Object.entries(value).map(([key, item]): [Scalar, Data] => [key, fromToml(item)]));
  }
  return value as Scalar;
}

/** The value at a dotted key; a number steps into a list. `undefined` when there is none. */
export function pick(values: { readonly [key: string]: Value }, dottedKey: string): Value | undefined {
  let current: Value = values;
  for (const part of dottedKey.split(".")) {
    if (current === null || typeof current !== "object") return undefined;
    const next: Value | undefined = Array.isArray(current)
      ? /^\d+$/.test(part)
        ? (current[Number(part)] as Value | undefined)
        : undefined
      : Object.hasOwn(current, part)
        ? (current as { readonly [key: string]: Value })[part]
        : undefined;
    if (next === undefined) return undefined;
    current = next;
  }
  return current;
}

/** As {@link pick}, for exact data. */
export function pickData(data: Data, dottedKey: string): Data | undefined {
  let current: Data | undefined = data;
  for (const part of dottedKey.split(".")) {
    if (isMap(current)) current = getByText(current, part);
    else if (isList(current) && /^\d+$/.test(part)) current = current[Number(part)];
    else return undefined;
    if (current === undefined) return undefined;
  }
  return current;
}

/**
 * The values of one params dependency, flat by dotted key as `dvc.lock` has them.
 * `missing` are the keys that the file does not have.
 */
export function lockedParams(
  dependency: ParamsDependency,
  text: string,
): Result<ChosenParams, "invalid-params"> {
  const parsed = parseData(text, dependency.file);
  return parsed.ok ? success(chooseParams(dependency, parsed.value)) : parsed;
}

export interface ChosenParams {
  readonly values: DataMap;
  readonly missing: readonly string[];
}

/** As {@link lockedParams}, of a file that has been read. */
export function chooseParams(dependency: ParamsDependency, data: DataMap): ChosenParams {
  if (dependency.keys === null) {
    // In a lock file a key is a text: DVC reads no part of one that has another.
    return { values: new Map([...data].map(([key, value]) => [formatScalar(key), value])), missing: [] };
  }
  const values = new Map<Scalar, Data>();
  const missing: string[] = [];
  for (const key of dependency.keys) {
    const value = pickData(data, key);
    if (value === undefined) missing.push(key);
    else values.set(key, value);
  }
  return { values, missing };
}

/** A key of digits finds the whole number as well as the text. */
function getByText(map: DataMap, key: string): Data | undefined {
  if (map.has(key)) return map.get(key);
  return /^-?\d+$/.test(key) ? map.get(BigInt(key)) : undefined;
}
