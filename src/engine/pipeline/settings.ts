import { type Data, isList, isMap, typeName } from "./data.ts";
import { readDuration } from "./duration.ts";
import { type Goal, inferGoal } from "./goal.ts";
import { nearest } from "./schema.ts";
import type { StageSettings } from "./stage.ts";
import { pathStep, type Report } from "./template.ts";
import type { DataPath } from "./yaml.ts";

export const defaultSettings: StageSettings = {
  loadPolicy: "fresh",
  scope: "own",
  retries: 0,
  retryPause: { first: null, limit: 60_000, jitter: 0.25 },
  iterations: 100,
  watch: [],
  settle: 2_000,
  interval: null,
  metric: null,
  total: null,
};

const policies = ["fresh", "eager", "none"] as const;
const scopes = ["own", "everyone"] as const;
const knownKeys = [
  "load_policy",
  "scope",
  "retries",
  "retry_pause",
  "retry_limit",
  "retry_jitter",
  "iterations",
  "keep",
  "watch",
  "interval",
  "metric",
  "total",
];
/** Known, and without effect in this version: whoever sets them must not rely on them. */
const plannedKeys = ["keep"];
const goals: { readonly [word: string]: Goal } = {
  max: "maximize",
  maximize: "maximize",
  maximise: "maximize",
  min: "minimize",
  minimize: "minimize",
  minimise: "minimize",
};

/** Reads `meta.savepoint` of a stage. What is wrong is reported and its default is used. */
export function readSettings(meta: Data | undefined, path: DataPath, report: Report): StageSettings {
  const section = isMap(meta) ? meta.get("savepoint") : undefined;
  if (section === undefined || section === null) return defaultSettings;
  const place = [...path, "savepoint"];
  if (!isMap(section)) {
    report(`'savepoint' must be a mapping of settings, not ${typeName(section)}`, place);
    return defaultSettings;
  }
  for (const key of section.keys()) {
    const name = pathStep(key);
    if (plannedKeys.includes(name)) {
      report(`'${name}' has no effect in this version of Savepoint`, [...place, name]);
    }
    if (knownKeys.includes(name)) continue;
    const near = nearest(name, knownKeys);
    report(
      `Savepoint has no setting '${name}'; ${near ? `did you mean '${near}'?` : `there are ${knownKeys.join(", ")}`}`,
      [...place, name],
    );
  }
  const read = <Result>(
    key: string,
    wanted: string,
    convert: (data: Data) => Result | undefined,
    otherwise: Result,
  ): Result => {
    const data = section.get(key);
    if (data === undefined || data === null) return otherwise;
    const value = convert(data);
    if (value === undefined) report(`'${key}' must be ${wanted}`, [...place, key]);
    return value ?? otherwise;
  };
  return {
    loadPolicy: read(
      "load_policy",
      "fresh, eager or none",
      (data) => policies.find((policy) => policy === data),
      "fresh",
    ),
    scope: read("scope", "own or everyone", (data) => scopes.find((scope) => scope === data), "own"),
    retries: read("retries", "a whole number from 0 to 1000", (data) => whole(data, 0, 1000), 0),
    retryPause: {
      first: read("retry_pause", "seconds, or a text such as 30s", readDuration, null),
      limit: read(
        "retry_limit",
        "seconds, or a text such as 10m",
        readDuration,
        defaultSettings.retryPause.limit,
      ),
      jitter: read("retry_jitter", "a number from 0 to 1", asShare, defaultSettings.retryPause.jitter),
    },
    iterations: read(
      "iterations",
      "a whole number from 1 to 1000000",
      (data) => whole(data, 1, 1_000_000),
      defaultSettings.iterations,
    ),
    ...read(
      "watch",
      "a pattern such as checkpoint-*/, a list of them, or {paths: PATTERNS, settle: 5s}",
      asWatch,
      { watch: defaultSettings.watch, settle: defaultSettings.settle },
    ),
    interval: read("interval", "seconds, or a text such as 10m, of at least 1s", asInterval, null),
    metric: read(
      "metric",
      "the name of a metric, or {key: NAME, goal: maximize or minimize}",
      asMetric,
      null,
    ),
    total: read("total", "a whole number above 0", (data) => whole(data, 1, Number.MAX_SAFE_INTEGER), null),
  };
}

function whole(data: Data, least: number, most: number): number | undefined {
  if (typeof data !== "bigint") return undefined;
  return data >= BigInt(least) && data <= BigInt(most) ? Number(data) : undefined;
}

function asWatch(data: Data): Pick<StageSettings, "watch" | "settle"> | undefined {
  const [paths, pause] = isMap(data) ? [data.get("paths"), data.get("settle")] : [data, undefined];
  if (isMap(data) && [...data.keys()].some((key) => key !== "paths" && key !== "settle")) return undefined;
  const watch = paths === undefined ? undefined : asPatterns(paths);
  const settle = pause === undefined ? defaultSettings.settle : readDuration(pause);
  return watch === undefined || settle === undefined ? undefined : { watch, settle };
}

function asInterval(data: Data): number | undefined {
  const interval = readDuration(data);
  return interval !== undefined && interval >= 1_000 ? interval : undefined;
}

function asShare(data: Data): number | undefined {
  if (typeof data !== "bigint" && typeof data !== "number") return undefined;
  const share = Number(data);
  return share >= 0 && share <= 1 ? share : undefined;
}

function asPatterns(data: Data): readonly string[] | undefined {
  const list = isList(data) ? data : [data];
  return list.every((item): item is string => typeof item === "string" && item !== "") ? list : undefined;
}

function asMetric(data: Data): StageSettings["metric"] | undefined {
  if (typeof data === "string" && data !== "") return { key: data, goal: usualGoal(data) };
  if (!isMap(data)) return undefined;
  const key = data.get("key");
  const goal = data.get("goal") ?? data.get("mode");
  if (typeof key !== "string" || key === "") return undefined;
  if (goal === undefined) return { key, goal: usualGoal(key) };
  const known = typeof goal === "string" && Object.hasOwn(goals, goal) ? goals[goal] : undefined;
  return known ? { key, goal: known } : undefined;
}

function usualGoal(key: string): Goal {
  return inferGoal(key) ?? "maximize";
}
