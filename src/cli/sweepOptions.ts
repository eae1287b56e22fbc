import type { Engine } from "../engine/engine.ts";
import { failure, type Result, success } from "../engine/result.ts";
import { readParams } from "../engine/run/paramChanges.ts";
import type { RunRequest } from "../engine/run/request.ts";
import { checkSweep, type ReadParams } from "../engine/sweep/checkSweep.ts";
import { expandSweep } from "../engine/sweep/expandSweep.ts";
import { parseSweep } from "../engine/sweep/parseSweep.ts";
import { isSingle, manyRuns, mostRuns, type Sweep } from "../engine/sweep/sweep.ts";
import { sweepRequests } from "../engine/sweep/sweepRequests.ts";
import type { Invocation } from "./arguments.ts";
import type { Terminal } from "./command.ts";
import { confirm } from "./confirm.ts";

/** What `--set`, `--samples` and `--seed` say together. */
export interface SweepOptions {
  readonly sweep: Sweep;
  readonly samples: number | null;
  /** `null` for one that is chosen at random. */
  readonly seed: number | null;
  /** Whether very many runs are what the user wants. */
  readonly isMeant: boolean;
}

const seedEnd = 2 ** 32;

/** Reads the options as far as they can be understood without the params files. */
export function readSweep({ options }: Invocation): Result<SweepOptions> {
  const sweep = parseSweep((options.set as readonly string[] | undefined) ?? []);
  if (!sweep.ok) return sweep;
  const samples = readWhole(options.samples, "--samples", 1, mostRuns);
  if (!samples.ok) return samples;
  const seed = readWhole(options.seed, "--seed", 0, seedEnd - 1);
  if (!seed.ok) return seed;
  if (seed.value !== null && samples.value === null) {
    return failure("usage", "--seed is for runs that are drawn at random: say how many with --samples N");
  }
  if (samples.value !== null && isSingle(sweep.value)) {
    return failure(
      "usage",
      "--samples draws from several values, such as --set KEY=A,B or --set 'KEY=uniform(A,B)'",
    );
  }
  return success({
    sweep: sweep.value,
    samples: samples.value,
    seed: seed.value,
    isMeant: options.yes === true,
  });
}

/**
 * The requests for all runs of the sweep: just the one, when each parameter has one value. More than one can only be
 * queued; of very many the user is asked whether they mean it. Reasons besides those of the checks: `interrupted`.
 */
export async function sweptRequests(
  engine: Engine,
  terminal: Terminal,
  { sweep, samples, seed, isMeant }: SweepOptions,
  request: RunRequest,
  isQueued: boolean,
): Promise<Result<readonly RunRequest[]>> {
  if (isSingle(sweep) && samples === null) {
    const [set = []] = expandSweep(sweep, { samples, seed: 0 });
    return success([{ ...request, set }]);
  }
  const checked = checkSweep(sweep, samples, await paramsReader(engine, request, sweep));
  if (!checked.ok) return checked;
  await engine.experiments.refresh();
  const taken = new Set([
    ...engine.experiments.experiments.map(({ name }) => name),
    ...engine.queue.entries.map(({ name }) => name),
  ]);
  const chosen = seed ?? Math.floor(Math.random() * seedEnd);
  const requests = sweepRequests(request, expandSweep(checked.value, { samples, seed: chosen }), {
    isTaken: (name) => taken.has(name),
    random: Math.random,
  });
  if (!requests.ok) return requests;
  const count = requests.value.length;
  if (count > 1 && !isQueued) return failure("usage", queueAdvice(sweep, count));
  if (count > manyRuns && !isMeant) {
    const answer = await confirm(`These values make ${count} runs. Queue them all?`);
    if (answer === "nobody-there") {
      return failure("not-confirmed", `That makes ${count} runs; add --yes if you mean it.`);
    }
    if (answer !== "yes") return failure(answer, "nothing was queued.");
  }
  if (samples !== null && seed === null) {
    terminal.tell(`savepoint: drawn with --seed ${chosen}, which draws the same runs again.`);
  }
  return requests;
}

function queueAdvice({ axes }: Sweep, count: number): string {
  const text = axes.find(({ values }) => values.kind === "listed" && values.texts.length > 1);
  const quoting =
    text?.values.kind === "listed"
      ? `; if ${text.key} is meant as one text, put it into quotes: --set '${text.key}="${text.values.texts.join(",")}"'`
      : "";
  return `That makes ${count} runs: add -j N to run N of them at a time, or --queue to start them later${quoting}`;
}

/** Reads params files where the runs will: in the workspace, or in the checkpoint whose code goes on. */
async function paramsReader(engine: Engine, request: RunRequest, sweep: Sweep): Promise<ReadParams> {
  const fromWorkspace: ReadParams = (file) => {
    const read = readParams(engine.project, file);
    return read.ok ? success(read.value.text) : read;
  };
  if (request.verb === "run" || request.code !== "checkpoint") return fromWorkspace;
  const files = await engine.experiments.filesOf(request.checkpoint.sha);
  const texts = new Map<string, string>();
  for (const { file } of sweep.axes) {
    const bytes = await files?.read(file);
    if (bytes) texts.set(file, bytes.toString("utf8"));
  }
  return (file) => {
    const text = texts.get(file);
    if (text !== undefined) return success(text);
    const { experiment, sequence } = request.checkpoint;
    return failure("params-missing", `${experiment}@${sequence} has no params file ${file}.`, file);
  };
}

function readWhole(
  text: Invocation["options"][string],
  option: string,
  least: number,
  most: number,
): Result<number | null> {
  if (typeof text !== "string") return success(null);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return success(value);
  return failure("usage", `${option} takes a whole number from ${least} to ${most}, not "${text}"`);
}
