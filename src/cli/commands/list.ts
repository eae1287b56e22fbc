import { bestCheckpoint, type MetricGoal } from "../../engine/compare/best.ts";
import { factsOf } from "../../engine/compare/filter/facts.ts";
import { listJson } from "../../engine/compare/listJson.ts";
import { matchesPattern } from "../../engine/compare/pattern.ts";
import { formatNumber, relativeTime, stepLabel } from "../../engine/compare/present.ts";
import { experimentStatus } from "../../engine/compare/status.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import { openQuestion } from "../../engine/run/openQuestion.ts";
import { isFinal } from "../../engine/run/record.ts";
import { hasObject, openCache } from "../../engine/store/cache.ts";
import { chooseByOptions } from "../chooseExperiments.ts";
import { type Command, exitCodes, printJson, type Terminal } from "../command.ts";
import { readMetrics, withEngine } from "../session.ts";
import { formatTable } from "../table.ts";

/** `savepoint list`: the experiments, newest first. A pattern may have `*` and `?`. */
export const list: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    await engine.experiments.refresh();
    await engine.runs.look();
    const pattern = invocation.words[0];
    const isMeant = (name: string) => pattern === undefined || matchesPattern(name, pattern);
    const named = engine.experiments.experiments.filter(({ name }) => isMeant(name));
    const metricOf = await readMetrics(engine);
    const chosen = chooseByOptions(invocation, named, (experiment) =>
      factsOf(experiment, {
        status: experimentStatus(experiment, engine.runs.runs),
        metric: metricOf(experiment),
        now: terminal.now,
      }),
    );
    if (!chosen.ok) return chosen.problem;
    const experiments = chosen.value;
    if (invocation.options.json) {
      const cache = await openCache(engine.project);
      const { version: _, ...document } = listJson(experiments, {
        homeOf: (baseline) => engine.experiments.homeOf(baseline).sha,
        statusOf: (experiment) => experimentStatus(experiment, engine.runs.runs),
        isAvailable: (output) => (output.cached ? hasObject(cache, output.hash, output.legacy) : true),
        metricOf,
      });
      printJson(terminal, document);
      return exitCodes.done;
    }
    const bare = bareRunLines(engine, isMeant);
    if (experiments.length === 0 && named.length > 0) {
      terminal.tell("savepoint: the filter lets no experiment through; savepoint list shows all.");
    } else if (experiments.length === 0 && bare.length === 0) {
      terminal.tell(
        pattern === undefined
          ? "savepoint: no experiments yet; start one with savepoint run."
          : `savepoint: no experiment is called ${pattern}; savepoint list shows all.`,
      );
    } else if (experiments.length > 0) {
      const isLong = invocation.options.checkpoints === true;
      printExperiments(engine, terminal, experiments, metricOf, isLong);
    }
    for (const line of bare) terminal.tell(`savepoint: ${line}`);
    return exitCodes.done;
  });

/** Runs without a checkpoint are no experiments yet: those that go on, and the newest if it went wrong. */
function bareRunLines({ experiments, runs: { runs } }: Engine, isMeant: (name: string) => boolean): string[] {
  const known = new Set(experiments.experiments.map(({ name }) => name));
  return runs
    .filter(
      ({ experiment, progress }) =>
        progress.checkpoints === 0 && !known.has(experiment) && isMeant(experiment),
    )
    .flatMap((run) => {
      const { experiment: name, state, left } = run;
      if (!isFinal(state) && left === undefined) return [`${name} is running and has no checkpoint yet.`];
      const end = left ?? state;
      if (run !== runs.at(-1) || end === "succeeded") return [];
      const how = end === "failed" ? end : `was ${end}`;
      return [`${name} ${how} before its first checkpoint; savepoint show ${name} --log tells more.`];
    });
}

function printExperiments(
  engine: Engine,
  terminal: Terminal,
  experiments: readonly Experiment[],
  metricOf: (experiment: Experiment) => MetricGoal | null,
  isLong: boolean,
): void {
  const rows = experiments.flatMap((experiment) => {
    const last = experiment.checkpoints.at(-1);
    const best = bestCheckpoint(experiment, metricOf(experiment));
    const { resumedFrom, checkpoints, name } = experiment;
    const summary = [
      name,
      openQuestion(experiment) === null ? experimentStatus(experiment, engine.runs.runs) : "waits for answer",
      String(checkpoints.length),
      last ? stepLabel(last) : "",
      best ? `${shortKey(best.metric.key)} ${formatNumber(best.value)} @${best.checkpoint.sequence}` : "",
      last ? relativeTime(last.createdAt, terminal.now) : "",
      resumedFrom && resumedFrom.experiment !== name
        ? `${resumedFrom.experiment}@${resumedFrom.sequence}`
        : "",
    ];
    if (!isLong) return [summary];
    const lines = checkpoints
      .toReversed()
      .map((checkpoint) => [
        `  @${checkpoint.sequence}`,
        checkpoint.stage ?? "",
        "",
        stepLabel(checkpoint),
        checkpoint === best?.checkpoint ? "best" : checkpoint.question === null ? "" : "asks",
        relativeTime(checkpoint.createdAt, terminal.now),
        "",
      ]);
    return [summary, ...lines];
  });
  const columns = [
    { title: "EXPERIMENT" },
    { title: "STATUS" },
    { title: "CHECKPOINTS", align: "right" },
    { title: "LAST" },
    { title: "BEST" },
    { title: "AGE" },
    { title: "FROM" },
  ] as const;
  // The last column is worth its room only when there is a fork to tell of.
  const hasForks = rows.some((row) => row[6] !== "");
  terminal.print(formatTable(hasForks ? columns : columns.slice(0, -1), rows));
}

function shortKey(key: string): string {
  return key.slice(key.indexOf(":") + 1);
}
