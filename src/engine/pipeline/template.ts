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
import type { DataPath } from "./yaml.ts";

/** Says what is wrong and where in the file; the work goes on to find more. */
export type Report = (message: string, path: DataPath) => void;

/** How mappings become command-line flags: `parsing` in `.dvc/config`, and whose shell has to read them. */
export interface FlagStyle {
  /** `store_true` leaves a false flag out, `boolean_optional` writes `--no-flag`. */
  readonly bool: "store_true" | "boolean_optional";
  /** `nargs` writes `--flag a b`, `append` writes `--flag a --flag b`. */
  readonly list: "nargs" | "append";
  readonly shell: "posix" | "windows";
}

export interface Interpolation {
  readonly variables: { readonly values: DataMap; readonly isPartial: boolean };
  readonly flags: FlagStyle;
  /** What a `${…}` may stand for: also a mapping in `cmd`; also a list or mapping in `foreach` and `matrix`. */
  readonly allow: "scalars" | "flags" | "everything";
}

const expressionForm = /(?<!\\)\$\{([^\n]*?)\}/g;
const accessForm = /^[^.[\]]+(?:\s*\.[^.[\]]+|\s*\[[^.[\]]+\])*\s*$/;

/** Whether a text has a `${…}` that is not escaped. */
function hasExpression(text: string): boolean {
  return text.includes("${") && text.search(expressionForm) >= 0;
}

/** Whether there is one anywhere in the data, in its keys too. */
export function hasExpressions(data: Data): boolean {
  if (typeof data === "string") return hasExpression(data);
  if (isList(data)) return data.some(hasExpressions);
  if (isMap(data))
    return [...data].some(
      ([key, item]) => (typeof key === "string" && hasExpression(key)) || hasExpressions(item),
    );
  return false;
}

/**
 * Replaces every `${…}` in the texts of the data, and `\${` by `${`. A text that is nothing but one `${…}` becomes
 * the value itself, with its type. Where something is wrong it is reported and the place holds `null`.
 */
export function interpolate(data: Data, how: Interpolation, path: DataPath, report: Report): Data {
  if (typeof data === "string") return interpolateText(data, how, path, report);
  if (isList(data)) return data.map((item, index) => interpolate(item, how, [...path, index], report));
  if (!isMap(data)) return data;
  const result = new Map<Scalar, Data>();
  for (const [key, item] of data) {
    const place = [...path, pathStep(key)];
    const name = typeof key === "string" ? interpolateText(key, how, place, report) : key;
    if (!isScalar(name)) report(`A key can't be ${typeName(name)}`, place);
    else result.set(name, interpolate(item, how, place, report));
  }
  return result;
}

export function pathStep(key: Scalar): string {
  return typeof key === "string" ? key : formatScalar(key);
}

/** As {@link interpolate}, for one text. */
export function interpolateText(text: string, how: Interpolation, path: DataPath, report: Report): Data {
  if (!text.includes("${")) return text;
  const whole = [...text.matchAll(expressionForm)];
  const [only] = whole;
  if (only && whole.length === 1 && only[0] === text) {
    return evaluate(only[1] ?? "", how, path, report) ?? null;
  }
  let result = "";
  let end = 0;
  for (const match of whole) {
    const value = evaluate(match[1] ?? "", how, path, report);
    if (value !== undefined) result += text.slice(end, match.index) + insertable(value, how, path, report);
    end = match.index + match[0].length;
  }
  return (result + text.slice(end)).replaceAll("\\${", "${");
}

function evaluate(expression: string, how: Interpolation, path: DataPath, report: Report): Data | undefined {
  if (!accessForm.test(expression)) {
    report(
      `'\${${expression}}' is not a name such as \${train.lr} or \${layers[0]}; write \\\${ for a literal \${`,
      path,
    );
    return undefined;
  }
  const found = select(how.variables.values, expression);
  if (found === undefined) {
    const name = expression.trim();
    const advice = how.variables.isPartial
      ? "first mend what is wrong with params.yaml or vars"
      : `define '${name}' in params.yaml or under vars`;
    report(`'\${${name}}' is not known; ${advice}`, path);
    return undefined;
  }
  const allowed = isScalar(found) || how.allow === "everything" || (how.allow === "flags" && isMap(found));
  if (!allowed) {
    report(`'\${${expression.trim()}}' is ${typeName(found)}, which can't be put here`, path);
    return undefined;
  }
  return found;
}

/** The value of `a.b[0].c`; `undefined` when there is none. A negative index counts from the end. */
function select(values: DataMap, expression: string): Data | undefined {
  let current: Data = values;
  for (const part of expression.replaceAll("[", ".").replaceAll("]", "").split(".")) {
    const key = part.trim();
    let next: Data | undefined;
    if (isMap(current)) next = current.get(key);
    else if (isList(current) && /^[-+]?\d+$/.test(key)) next = current.at(Number(key));
    if (next === undefined) return undefined;
    current = next;
  }
  return current;
}

function insertable(value: Data, how: Interpolation, path: DataPath, report: Report): string {
  if (isScalar(value)) return formatScalar(value);
  if (isMap(value)) return formatFlags(value, how.flags, path, report);
  report(`A list can't be put into a text`, path);
  return "";
}

/** A mapping as command-line flags: `{lr: 0.1, net: {depth: 3}}` is `--lr 0.1 --net.depth 3`. */
function formatFlags(map: DataMap, style: FlagStyle, path: DataPath, report: Report): string {
  const words: string[] = [];
  for (const [name, value] of flatten(map, "")) {
    const flags = flagWords(name, value, style);
    if (flags === null) {
      report(`'${name}' has a list or mapping in its list, which can't become a flag`, path);
      return "";
    }
    words.push(...flags);
  }
  return words.join(" ");
}

/** `null` when there is no such flag. */
function flagWords(name: string, value: Data, style: FlagStyle): readonly string[] | null {
  const flag = `--${name}`;
  if (value === true) return [flag];
  if (value === false) return style.bool === "boolean_optional" ? [`--no-${name}`] : [];
  if (isScalar(value)) return [flag, argument(value, style)];
  if (!isList(value) || !value.every(isScalar)) return null;
  const words = value.map((item) => argument(item, style));
  if (style.list === "append") return words.flatMap((word) => [flag, word]);
  return words.length > 0 ? [flag, ...words] : [];
}

function* flatten(map: DataMap, prefix: string): Generator<[string, Data]> {
  for (const [key, value] of map) {
    const name = prefix + formatScalar(key);
    if (isMap(value)) yield* flatten(value, `${name}.`);
    else yield [name, value];
  }
}

function argument(value: Scalar, style: FlagStyle): string {
  // Inside a list DVC leaves truth values as Python prints them.
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "string") return formatScalar(value);
  return style.shell === "posix" ? quotePosix(value) : quoteWindows(value);
}

function quotePosix(text: string): string {
  if (text !== "" && !/[^\w@%+=:,./-]/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** The rules by which Windows programs split their command line. */
function quoteWindows(text: string): string {
  if (text !== "" && !/[ \t"]/.test(text)) return text;
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, "$&$&")}"`;
}
