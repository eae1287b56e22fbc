import { type Data, type DataMap, isList, isMap, typeName } from "./data.ts";
import { pathStep, type Report } from "./template.ts";
import type { DataPath } from "./yaml.ts";

/** Reports what is wrong with a piece of data; says whether nothing was. */
type Check = (data: Data, path: DataPath, report: Report) => boolean;

const text: Check = (data, path, report) => expect(typeof data === "string", "a text", data, path, report);
const truth: Check = (data, path, report) =>
  expect(typeof data === "boolean", "true or false", data, path, report);
const mapping: Check = (data, path, report) => expect(isMap(data), "a mapping", data, path, report);
const anything: Check = () => true;

function expect(valid: boolean, wanted: string, data: Data, path: DataPath, report: Report): boolean {
  if (!valid) report(`${name(path)} must be ${wanted}, not ${typeName(data)}`, path);
  return valid;
}

function name(path: DataPath): string {
  const last = path.at(-1);
  if (last === undefined) return "The file";
  return typeof last === "number" ? `Entry ${last + 1} of '${path.at(-2) ?? ""}'` : `'${last}'`;
}

function listOf(item: Check, wanted = "a list"): Check {
  return (data, path, report) => {
    if (!isList(data)) return expect(false, wanted, data, path, report);
    return all(data.map((entry, index) => item(entry, [...path, index], report)));
  };
}

function either(wanted: string, ...checks: readonly Check[]): Check {
  return (data, path, report) => {
    if (checks.some((check) => check(data, path, () => {}))) return true;
    // A list or mapping is looked into, so that the problem is shown at the entry that is wrong.
    const inner = checks.find((check) => {
      let shallow = false;
      check(data, path, (_message, place) => {
        if (place.length === path.length) shallow = true;
      });
      return !shallow;
    });
    return inner ? inner(data, path, report) : expect(false, wanted, data, path, report);
  };
}

function keyed(item: Check): Check {
  return (data, path, report) => {
    if (!isMap(data)) return expect(false, "a mapping", data, path, report);
    return all(
      [...data].map(
        ([key, value]) => textKey(key, path, report) && item(value, [...path, pathStep(key)], report),
      ),
    );
  };
}

function record(fields: { readonly [key: string]: Check }, required: readonly string[] = []): Check {
  return (data, path, report) => {
    if (!isMap(data)) return expect(false, "a mapping", data, path, report);
    const good = [...data].map(([key, value]) => {
      if (!textKey(key, path, report)) return false;
      const step = pathStep(key);
      const check = Object.hasOwn(fields, step) ? fields[step] : undefined;
      if (check) return check(value, [...path, step], report);
      report(`'${step}' is not known here${suggestion(step, Object.keys(fields))}`, [...path, step]);
      return false;
    });
    for (const key of required) {
      if (data.has(key)) continue;
      report(`${name(path)} has no '${key}'; add it`, path);
      good.push(false);
    }
    return all(good);
  };
}

function textKey(key: Data, path: DataPath, report: Report): boolean {
  if (typeof key === "string") return true;
  report(`The key '${String(key)}' in ${name(path)} must be a text; put it in quotes`, [
    ...path,
    String(key),
  ]);
  return false;
}

function all(results: readonly boolean[]): boolean {
  return results.every(Boolean);
}

/** `; did you mean 'deps'?`, or what there is to choose from. */
function suggestion(wrong: string, known: readonly string[]): string {
  const near = nearest(wrong, known);
  return near ? `; did you mean '${near}'?` : `; remove it, or put it under 'meta'`;
}

/** The known word that differs least, if it is near enough to have been meant. */
export function nearest(wrong: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const word of known) {
    if (Math.abs(word.length - wrong.length) >= bestDistance) continue;
    const distance = editDistance(wrong, word);
    if (distance < bestDistance) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}

const annotations = { desc: text, type: text, labels: listOf(text), meta: anything };
const outputFlags = {
  ...annotations,
  cache: truth,
  persist: truth,
  checkpoint: truth,
  remote: text,
  push: truth,
};
const plotFlags = {
  ...outputFlags,
  template: text,
  x: text,
  y: text,
  x_label: text,
  y_label: text,
  title: text,
  header: truth,
};
const output = either("a path, or a path with its flags", text, keyed(record(outputFlags)));
const plotOutput = either("a path, or a path with its flags", text, keyed(record(plotFlags)));
const vars = listOf(either("a file, or a mapping", text, mapping));
const commands = either("a command, or a list of commands", text, listOf(text));

const paramsEntry: Check = (data, path, report) => {
  if (typeof data === "string") return true;
  if (!isMap(data)) return expect(false, "a key, or a file with its keys", data, path, report);
  return all(
    [...data].map(([file, keys]) => {
      const place = [...path, pathStep(file)];
      return (
        textKey(file, path, report) &&
        (keys === null || listOf(text, "a list of keys, or nothing")(keys, place, report))
      );
    }),
  );
};

const stageFields = {
  cmd: commands,
  wdir: text,
  deps: listOf(text),
  params: listOf(paramsEntry),
  vars,
  frozen: truth,
  meta: anything,
  desc: text,
  always_changed: truth,
  outs: listOf(output),
  metrics: listOf(output),
  plots: listOf(plotOutput),
};

const generatedStage = record(stageFields, ["cmd"]);
const plainStage = record(
  { ...stageFields, matrix: keyed(either("a list, or a ${…} that names one", text, listOf(anything))) },
  ["cmd"],
);
const foreachStage = record(
  {
    foreach: either("a list, a mapping, or a ${…} that names one", text, listOf(anything), mapping),
    do: generatedStage,
  },
  ["foreach", "do"],
);

/** Checks one entry under `stages`. */
export function checkStage(data: Data, path: DataPath, report: Report): boolean {
  const generates = isMap(data) && (data.has("foreach") || data.has("do"));
  return (generates ? foreachStage : plainStage)(data, path, report);
}

const axis = either("a column, or a file with its column", text, keyed(text));
const axes = either(
  "a column, a list of them, or files with theirs",
  text,
  listOf(text),
  keyed(either("a column, or a list of them", text, listOf(text))),
);
const plotDefinition = record({
  x: axis,
  y: axes,
  x_label: text,
  y_label: text,
  title: text,
  template: text,
});
const plot = either(
  "a file, or a name with what to draw",
  text,
  keyed((data, path, report) => data === null || plotDefinition(data, path, report)),
);

const sections: { readonly [key: string]: Check } = {
  // The entries of stages are checked one by one, so that a bad one leaves the others alone.
  stages: mapping,
  vars,
  params: listOf(text),
  metrics: listOf(text),
  plots: listOf(plot),
  artifacts: keyed(record({ ...annotations, path: text }, ["path"])),
  datasets: anything,
};

/** Checks everything at the top of a pipeline file but the stages themselves. */
export function checkSections(data: DataMap, report: Report): boolean {
  return record(sections)(data, [], report);
}
