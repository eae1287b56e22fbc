import { posix } from "node:path";
import { type Data, formatScalar, isList, isMap } from "../../engine/pipeline/data.ts";
import { keyPlaces } from "../../engine/pipeline/keyPlaces.ts";
import { type StageText, stagesInText } from "../../engine/pipeline/stageText.ts";
import { type DataPath, readYaml, type TextRange } from "../../engine/pipeline/yaml.ts";

/** What a place in a file is about. Paths are relative to the project's root. */
export type HoverSubject =
  /** `definition` is the key under `stages:`. */
  | { readonly kind: "stage"; readonly definition: string }
  /** `file` is `null` where only the key is written, as in `${train.lr}`; a key may stand for a group. */
  | { readonly kind: "param"; readonly file: string | null; readonly key: string }
  /** `key` is `null` for the file as a whole. */
  | { readonly kind: "metric"; readonly file: string; readonly key: string | null };

export interface FoundSubject {
  readonly subject: HoverSubject;
  readonly range: TextRange;
}

type Place = TextRange["start"];

/** What a place in a `dvc.yaml` is about: a stage's name, `${key}`, or an entry of `params` or `metrics`. */
export function subjectInPipeline(text: string, path: string, at: Place): FoundSubject | null {
  const line = text.split(/\r\n|\r|\n/, at.line + 1)[at.line] ?? "";
  const stages = stagesInText(text);
  return stageName(stages, line, at) ?? interpolation(line, at) ?? listedFile(text, path, stages, at);
}

/** The value at a place in a params or metrics file: its key, or the value itself. */
export function subjectInDataFile(
  text: string,
  path: string,
  offset: number,
  role: "param" | "metric",
): { readonly subject: HoverSubject; readonly start: number; readonly end: number } | null {
  const place = keyPlaces(text, path).find(
    ({ start, keyEnd, valueStart, valueEnd }) =>
      (offset >= start && offset <= keyEnd) || (offset >= valueStart && offset <= valueEnd),
  );
  if (place === undefined) return null;
  const isOnKey = offset <= place.keyEnd;
  return {
    subject: { kind: role, file: path, key: place.key },
    start: isOnKey ? place.start : place.valueStart,
    end: isOnKey ? place.keyEnd : place.valueEnd,
  };
}

function stageName(stages: readonly StageText[], line: string, at: Place): FoundSubject | null {
  const stage = stages.find(({ lines }) => lines.start === at.line);
  const start = line.length - line.trimStart().length;
  const end = line.indexOf(":", start);
  if (stage === undefined || at.column < start || end < 0 || at.column > end) return null;
  return { subject: { kind: "stage", definition: stage.name }, range: onLine(at.line, start, end) };
}

const interpolationForm = /(?<!\\)\$\{\s*([^\s{}()]+)\s*\}/g;

function interpolation(line: string, at: Place): FoundSubject | null {
  for (const match of line.matchAll(interpolationForm)) {
    const end = match.index + match[0].length;
    if (at.column < match.index || at.column > end) continue;
    const key = (match[1] ?? "").replaceAll(/\[(\w+)\]/g, ".$1");
    return { subject: { kind: "param", file: null, key }, range: onLine(at.line, match.index, end) };
  }
  return null;
}

/** An entry of a list of params or metrics, of the stage that the place is in or of the file itself. */
function listedFile(
  text: string,
  path: string,
  stages: readonly StageText[],
  at: Place,
): FoundSubject | null {
  const yaml = readYaml(text);
  if (!isMap(yaml.data)) return null;
  const folder = posix.dirname(path);
  const stage = stages.find(({ lines }) => at.line >= lines.start && at.line < lines.end);
  const owner: DataPath = stage === undefined ? [] : ownerPath(yaml.data, stage.name);
  const data = owner.reduce<Data | undefined>(
    (current, step) => (isMap(current) ? current.get(step) : undefined),
    yaml.data,
  );
  if (!isMap(data)) return null;
  const workingDirectory = data.get("wdir");
  const resolve = (file: string) =>
    posix.normalize(posix.join(folder, typeof workingDirectory === "string" ? workingDirectory : ".", file));
  const entries = [
    ...paramEntries(data.get("params"), [...owner, "params"], stage === undefined, resolve),
    ...metricEntries(data.get("metrics"), [...owner, "metrics"], resolve),
  ];
  for (const { place, subject, part } of entries) {
    const range = yaml.locate(place, part);
    if (holds(range, at)) return { subject, range };
  }
  return null;
}

interface Entry {
  readonly place: DataPath;
  readonly part: "key" | "value";
  readonly subject: HoverSubject;
}

function ownerPath(data: Data, stage: string): DataPath {
  const stages = isMap(data) ? data.get("stages") : undefined;
  const definition = isMap(stages) ? stages.get(stage) : undefined;
  return isMap(definition) && isMap(definition.get("do")) ? ["stages", stage, "do"] : ["stages", stage];
}

/** Keys of `params.yaml`, and other files with their keys; those of the whole file are files alone. */
function paramEntries(
  list: Data | undefined,
  base: DataPath,
  namesFiles: boolean,
  resolve: (file: string) => string,
): readonly Entry[] {
  if (!isList(list)) return [];
  return list.flatMap((item, index): readonly Entry[] => {
    if (typeof item === "string" && !namesFiles) {
      const subject = { kind: "param", file: resolve("params.yaml"), key: item } as const;
      return [{ place: [...base, index], part: "value", subject }];
    }
    if (!isMap(item)) return [];
    return [...item].flatMap(([name, keys]) => {
      const file = formatScalar(name);
      if (!isList(keys)) return [];
      return keys.flatMap((key, at): readonly Entry[] =>
        typeof key === "string"
          ? [
              {
                place: [...base, index, file, at],
                part: "value",
                subject: { kind: "param", file: resolve(file), key },
              },
            ]
          : [],
      );
    });
  });
}

function metricEntries(
  list: Data | undefined,
  base: DataPath,
  resolve: (file: string) => string,
): readonly Entry[] {
  if (!isList(list)) return [];
  return list.flatMap((item, index): readonly Entry[] => {
    const name = isMap(item) ? [...item.keys()][0] : item;
    if (typeof name !== "string") return [];
    const subject = { kind: "metric", file: resolve(name), key: null } as const;
    return isMap(item)
      ? [{ place: [...base, index, name], part: "key", subject }]
      : [{ place: [...base, index], part: "value", subject }];
  });
}

function onLine(line: number, start: number, end: number): TextRange {
  return { start: { line, column: start }, end: { line, column: end } };
}

function holds({ start, end }: TextRange, at: Place): boolean {
  const isAfter = at.line > start.line || (at.line === start.line && at.column >= start.column);
  return isAfter && (at.line < end.line || (at.line === end.line && at.column <= end.column));
}
