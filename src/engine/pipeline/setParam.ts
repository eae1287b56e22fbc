import { failure, type Result, success } from "../result.ts";
import {
  type Data,
  type DataMap,
  dataEquals,
  formatFloat,
  formatScalar,
  isList,
  isMap,
  isScalar,
  type Scalar,
  Timestamp,
  typeName,
} from "./data.ts";
import { type Literal, LiteralReader } from "./literal.ts";
import { formatOf, type ParamsFormat, parseData, pickData } from "./params.ts";
import { readPython } from "./python.ts";
import { nearest } from "./schema.ts";
import { findTomlValue } from "./toml.ts";
import { type DataPath, plainScalar, readYaml } from "./yaml.ts";

/**
 * The text of a params file with one value changed; comments and everything else stay as they are. The new value
 * comes as a person types it (`0.1`, `true`, `[1, 2]`) and must have the type of the old one.
 * Reasons: `invalid-params` (the file can't be read), `unknown-param`, `invalid-value`.
 */
export function setParam(text: string, file: string, dottedKey: string, valueText: string): Result<string> {
  const parsed = parseData(text, file);
  if (!parsed.ok) return parsed;
  const old = pickData(parsed.value, dottedKey);
  if (old === undefined) {
    const known = dottedKeys(parsed.value, "");
    const near = nearest(dottedKey, known);
    const hint = near
      ? `did you mean '${near}'?`
      : known.length > 0
        ? `there are ${known.slice(0, 8).join(", ")}`
        : "it has none";
    return failure("unknown-param", `${file} has no parameter '${dottedKey}'; ${hint}`, file);
  }
  if (isMap(old)) {
    const keys = dottedKeys(old, `${dottedKey}.`).slice(0, 8).join(", ");
    return failure(
      "invalid-value",
      `'${dottedKey}' in ${file} is a group; set one of ${keys || "its values"}`,
      file,
    );
  }
  const value = coerce(valueText, old);
  if (value === undefined) {
    return failure(
      "invalid-value",
      `'${dottedKey}' in ${file} is ${typeName(old)}, but '${valueText}' is not; give a value of that type`,
      file,
    );
  }
  const changed = replaceValue(text, formatOf(file), dottedKey.split("."), value);
  const check = changed === null ? null : parseData(changed, file);
  const now = check?.ok ? pickData(check.value, dottedKey) : undefined;
  if (changed === null || now === undefined || !dataEquals(now, value)) {
    return failure(
      "invalid-value",
      `'${dottedKey}' can't be changed where it stands in ${file}; change the file by hand`,
      file,
    );
  }
  return success(changed);
}

function dottedKeys(data: Data, prefix: string): readonly string[] {
  return isMap(data) ? leavesOf(data, prefix).map(({ key }) => key) : [];
}

/** The single values of a mapping with their dotted keys, in order; a list counts as one value. */
export function leavesOf(
  map: DataMap,
  prefix = "",
): readonly { readonly key: string; readonly value: Data }[] {
  return [...map].flatMap(([name, value]) => {
    const key = prefix + formatScalar(name);
    return isMap(value) ? leavesOf(value, `${key}.`) : [{ key, value }];
  });
}

/** A value as a person would type it, so that {@link setParam} reads it back. */
export function typedText(value: Data): string {
  return writeInline(value, "yaml") ?? "";
}

/** What a person typed, as the type of the old value; `undefined` when it can't be. */
function coerce(text: string, old: Data): Data | undefined {
  const trimmed = text.trim();
  if (typeof old === "string") return unquote(trimmed) ?? text;
  if (isList(old)) {
    const { data, problems } = readYaml(trimmed);
    return problems.length === 0 && isList(data) ? data : undefined;
  }
  if (old === null) return unquote(trimmed) ?? plainScalar(trimmed);
  return isScalar(old) ? coerceScalar(plainScalar(trimmed), old) : undefined;
}

function coerceScalar(value: Scalar, old: Scalar): Scalar | undefined {
  if (old instanceof Timestamp) return value instanceof Timestamp ? value : undefined;
  // A number with a fraction stays one, also when it is set to 1.
  if (typeof old === "number" && typeof value === "bigint") return Number(value);
  return typeof value === typeof old ? value : undefined;
}

function unquote(text: string): string | undefined {
  if (!/^(?:"[\s\S]*"|'[\s\S]*')$/.test(text)) return undefined;
  const { data, problems } = readYaml(text);
  return problems.length === 0 && typeof data === "string" ? data : undefined;
}

function replaceValue(
  text: string,
  format: ParamsFormat,
  key: readonly string[],
  value: Data,
): string | null {
  if (format === "yaml") return replaceInYaml(text, key, value);
  const place = findPlace(text, format, key);
  const written = writeInline(value, format);
  return place && written !== null ? splice(text, place.start, place.end, written) : null;
}

function splice(text: string, start: number, end: number, written: string): string {
  return text.slice(0, start) + written + text.slice(end);
}

function findPlace(
  text: string,
  format: Exclude<ParamsFormat, "yaml">,
  key: readonly string[],
): { readonly start: number; readonly end: number } | null {
  switch (format) {
    case "json":
      return findLiteral(new LiteralReader(text, "json").readAll(), key);
    case "python":
      return findLiteral(readPython(text), key);
    case "toml":
      return findTomlValue(text, key);
  }
}

function replaceInYaml(text: string, key: readonly string[], value: Data): string | null {
  const yaml = readYaml(text);
  const place = yaml.span(yamlPath(yaml.data, key));
  if (!place) return null;
  const { start, end, keyEnd } = place;
  const before = text.slice(start, end);
  const inline = writeInline(value, "yaml", before);
  if (inline === null) return null;
  // A list over several lines is replaced from its key on, as its entries have an indent of their own.
  if (keyEnd !== null && /^- |\n/.test(before))
    return splice(text, keyEnd, end, `: ${inline}${before.endsWith("\n") ? "\n" : ""}`);
  const gap = keyEnd !== null && text[start - 1] === ":" ? " " : "";
  return splice(text, start, end, gap + inline);
}

function findLiteral(top: Literal, key: readonly string[]): Literal | null {
  let current: Literal | undefined = top;
  for (const part of key) {
    current =
      current.entries?.get(part) ?? (/^-?\d+$/.test(part) ? current.entries?.get(BigInt(part)) : undefined);
    if (!current) return null;
  }
  return current;
}

function yamlPath(data: Data, key: readonly string[]): DataPath {
  let current: Data | undefined = data;
  return key.map((part) => {
    const inList = isList(current);
    current = current === undefined ? undefined : pickData(current, part);
    return inList ? Number(part) : part;
  });
}

/** The value on one line in the notation of the file; `null` when it has none for it. */
function writeInline(value: Data, format: ParamsFormat, before = ""): string | null {
  if (isList(value)) {
    const items = value.map((item) => writeInline(item, format));
    return items.includes(null) ? null : `[${items.join(", ")}]`;
  }
  if (isMap(value)) {
    const entries = [...value].map(([key, item]) => {
      const written = writeInline(item, format);
      const name = format === "yaml" ? writeInline(key, format) : JSON.stringify(formatScalar(key));
      return written === null || name === null
        ? null
        : `${name}${format === "toml" ? " = " : ": "}${written}`;
    });
    return entries.includes(null) ? null : `{${entries.join(", ")}}`;
  }
  return isScalar(value) ? writeScalar(value, format, before) : null;
}

function writeScalar(value: Scalar, format: ParamsFormat, before: string): string | null {
  if (value === null) return nullIn[format];
  if (typeof value === "boolean") return format === "python" ? (value ? "True" : "False") : String(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return writeFloat(value, format);
  if (value instanceof Timestamp) return format === "yaml" || format === "toml" ? value.text : null;
  return format === "yaml" ? writeYamlText(value, before) : JSON.stringify(value);
}

const nullIn: { readonly [Format in ParamsFormat]: string | null } = {
  yaml: "null",
  json: "null",
  toml: null,
  python: "None",
};

/** In the quotes that it had before, if it can be. */
function writeYamlText(value: string, before: string): string {
  if (before.startsWith("'") && !/[\n\r]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  // Plain only where no reader could take it for something else, in a list neither.
  const isPlain =
    !before.startsWith('"') &&
    /^[A-Za-z][\w./-]*$/.test(value) &&
    !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

function writeFloat(value: number, format: ParamsFormat): string | null {
  if (Number.isFinite(value)) {
    // Readers of YAML 1.1, such as PyYAML, take `1e-05` for a text.
    return formatFloat(value).replace(/^(-?\d+)e/, "$1.0e");
  }
  const sign = value < 0 ? "-" : "";
  switch (format) {
    case "yaml":
      return Number.isNaN(value) ? ".nan" : `${sign}.inf`;
    case "json":
      return Number.isNaN(value) ? "NaN" : `${sign}Infinity`;
    case "toml":
      return Number.isNaN(value) ? "nan" : `${sign}inf`;
    case "python":
      return null;
  }
}
