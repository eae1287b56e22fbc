import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { openProject } from "../../../src/engine/openProject.ts";
import { isFinal, type RunRecord, RunRecords } from "../../../src/engine/run/record.ts";
import { type CheckpointMessage, parseMessage } from "../../../src/engine/store/message.ts";
import { until } from "../poll.ts";
import type { TemporaryProject } from "../temporaryProject.ts";
import type { Victim } from "./aim.ts";
import { stepsOfTraining } from "./killProject.ts";
import { type LedgerLine, readLedger } from "./ledger.ts";
import { type UntouchedState, untouchedState } from "./untouched.ts";

/** A project after a round of kills, when everything has come to its end. */
export interface RoundLeft {
  readonly project: TemporaryProject;
  readonly ledger: string;
  readonly before: UntouchedState;
  /** Runs whose training or runner was killed. */
  readonly harmed: ReadonlyMap<string, ReadonlySet<Victim>>;
}

export interface RoundCheck {
  readonly released: number;
  readonly recorded: number;
  readonly runs: number;
  readonly problems: readonly string[];
}

interface Line {
  readonly ref: string;
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointMessage[];
}

/** Holds everything that is left in a project against what its trainings saw. */
export async function checkRound(left: RoundLeft): Promise<RoundCheck> {
  const { project } = left;
  const ledger = readLedger(left.ledger);
  const lines = await readLines(project);
  const records = await readRecords(project);
  const { released, recorded, problems } = checkReleases(ledger, lines);
  problems.push(...lines.flatMap(checkLine));
  problems.push(...records.flatMap((record) => checkRun(record, ledger, left.harmed.get(record.id))));
  problems.push(...(await checkCache(project, lines)));
  problems.push(...(await checkGit(project)));
  problems.push(...(await checkLeftovers(project)));
  const after = await untouchedState(project);
  for (const part of ["head", "refs", "index"] as const) {
    if (after[part] !== left.before[part]) problems.push(`the user's ${part} has changed`);
  }
  return { released, recorded, runs: records.length, problems };
}

async function readLines(project: TemporaryProject): Promise<readonly Line[]> {
  const refs = (await project.git("for-each-ref", "--format=%(refname)", "refs/exps")).split("\n");
  return Promise.all(
    refs
      .filter((ref) => ref !== "")
      .map(async (ref) => {
        const log = await project.git(
          "log",
          "-z",
          "--first-parent",
          "--reverse",
          "--format=%B",
          `main..${ref}`,
        );
        const messages = log.split("\0").filter((text) => text !== "");
        return { ref, checkpoints: messages.flatMap((text) => parseMessage(text) ?? []) };
      }),
  );
}

async function readRecords(project: TemporaryProject): Promise<readonly RunRecord[]> {
  const opened = await openProject(project.root);
  if (!opened.ok) throw new Error(opened.problem.message);
  const records = new RunRecords(opened.value);
  return records.ids().flatMap((id) => records.read(id) ?? []);
}

/** The hash of the model as `train.py` writes it: it tells which step a checkpoint really has. */
function modelOf(run: string, step: number): string {
  return createHash("md5").update(`${run} after step ${step}\n`).digest("hex");
}

function modelIn(checkpoint: CheckpointMessage): string | undefined {
  return checkpoint.values?.outs.find(({ path }) => path === "model.bin")?.hash;
}

/** Every released step is in the store, with its own bytes and under the name that the training was told. */
function checkReleases(ledger: readonly LedgerLine[], lines: readonly Line[]) {
  const byModel = new Map<string, CheckpointMessage>();
  for (const { checkpoints } of lines) {
    for (const checkpoint of checkpoints.filter(({ kind }) => kind === "signal")) {
      byModel.set(modelIn(checkpoint) ?? "", checkpoint);
    }
  }
  const problems: string[] = [];
  let released = 0;
  let recorded = 0;
  for (const line of ledger) {
    if (line.event !== "released") continue;
    released += 1;
    const found = byModel.get(modelOf(line.run, line.step));
    if (found === undefined) {
      problems.push(`lost: step ${line.step} of run ${line.run} (${line.checkpoint ?? "plain signal"})`);
      continue;
    }
    recorded += 1;
    const label = `${found.experiment}@${found.sequence}`;
    if (line.checkpoint !== null && line.checkpoint !== label) {
      problems.push(
        `step ${line.step} of run ${line.run} is ${label}, but was announced as ${line.checkpoint}`,
      );
    }
    if (line.checkpoint !== null && found.step !== line.step) {
      problems.push(`${label} has the bytes of step ${line.step}, but says step ${found.step}`);
    }
  }
  return { released, recorded, problems };
}

/** A line belongs to one run, and counts its checkpoints without a gap. */
function checkLine({ ref, checkpoints }: Line): readonly string[] {
  const problems: string[] = [];
  const run = checkpoints[0]?.run ?? "";
  for (const [index, checkpoint] of checkpoints.entries()) {
    const label = `${ref}@${checkpoint.sequence}`;
    if (checkpoint.run !== run) problems.push(`${label} is of run ${checkpoint.run} instead of ${run}`);
    if (checkpoint.sequence !== index + 1) problems.push(`${label} stands at place ${index + 1}`);
    if (checkpoint.warning !== null) problems.push(`${label} has a warning: ${checkpoint.warning}`);
  }
  return [...problems, ...checkOrder(ref, run, checkpoints)];
}

/** Each step is there once and in order, and so is the end of each stage. */
function checkOrder(ref: string, run: string, checkpoints: readonly CheckpointMessage[]): readonly string[] {
  const numbers = Array.from({ length: stepsOfTraining }, (_, index) => index + 1);
  const steps = new Map(numbers.map((step) => [modelOf(run, step), step]));
  const seen = checkpoints.map((checkpoint) =>
    checkpoint.kind === "signal"
      ? `step ${steps.get(modelIn(checkpoint) ?? "") ?? "of another run"}`
      : `${checkpoint.kind} of ${checkpoint.stage}`,
  );
  const expected = numbers.map((step) => `step ${step}`).slice(0, seen.length);
  const ends = ["stage-end of train", "stage-end of evaluate"].filter((end) => seen.includes(end));
  const wanted = [...expected.slice(0, seen.length - ends.length), ...ends];
  return seen.join() === wanted.join()
    ? []
    : [`${ref} has ${seen.join(", ")} instead of ${wanted.join(", ")}`];
}

/** A run has ended as what happened to it says. */
function checkRun(
  record: RunRecord,
  ledger: readonly LedgerLine[],
  harms: ReadonlySet<Victim> | undefined,
): readonly string[] {
  const { id, state, end } = record;
  if (!isFinal(state) || end === null) return [`run ${id} is ${state} for ever`];
  const own = ledger.filter(({ run }) => run === id);
  const steps = own.filter(({ event }) => event === "released").length;
  const isDone = own.some(({ event }) => event === "ended") && steps === stepsOfTraining;
  const expected: string[] = [];
  // A harm may come after the end of what it hit, or between the end of a command and the record of it.
  if (harms === undefined || isDone) expected.push("succeeded");
  if (harms?.has("runner")) expected.push("lost");
  if (harms?.has("training")) expected.push("failed");
  const problems: string[] = [];
  if (!expected.includes(state)) {
    problems.push(
      `run ${id} is ${state} instead of ${expected.join(" or ")} (${[...(harms ?? [])].join(", ")})`,
    );
  }
  if (state === "succeeded" && !isDone) problems.push(`run ${id} succeeded after ${steps} steps`);
  if (record.skippedCheckpoints > 0) problems.push(`run ${id} skipped ${record.skippedCheckpoints}`);
  return problems;
}

/** Each object is what its name says, nobody may write it, and each recorded output has one. */
async function checkCache(project: TemporaryProject, lines: readonly Line[]): Promise<readonly string[]> {
  const problems: string[] = [];
  const present = new Set<string>();
  const names = await readdir(project.path(".dvc/cache"), { recursive: true, withFileTypes: true });
  for (const entry of names.filter((name) => name.isFile())) {
    const path = `${entry.parentPath}/${entry.name}`;
    const object = /\/files\/md5\/([0-9a-f]{2})\/([0-9a-f]{30})(\.dir)?$/.exec(path);
    const hash = createHash("md5")
      .update(await readFile(path))
      .digest("hex");
    if (object === null) problems.push(`${path} is no object of the cache`);
    else if (`${object[1]}${object[2]}` !== hash) problems.push(`${path} has the hash ${hash}`);
    else if (((await stat(path)).mode & 0o222) !== 0) problems.push(`${path} may be written`);
    if (object !== null) present.add(`${object[1]}${object[2]}${object[3] ?? ""}`);
  }
  for (const { ref, checkpoints } of lines) {
    for (const { sequence, values } of checkpoints) {
      const missing = values?.outs.filter(({ cached, hash }) => cached && !present.has(hash)) ?? [];
      for (const { path } of missing) problems.push(`${ref}@${sequence}: the object of ${path} is missing`);
    }
  }
  return problems;
}

async function checkGit(project: TemporaryProject): Promise<readonly string[]> {
  try {
    const said = await project.git("fsck", "--strict", "--full", "--no-dangling", "--no-progress");
    return said === "" ? [] : [`git fsck: ${said}`];
  } catch (error) {
    return [`git fsck: ${error instanceof Error ? error.message : error}`];
  }
}

/** Nothing of what was under way stays. A Git process may outlive who started it, but not for long. */
async function checkLeftovers(project: TemporaryProject): Promise<readonly string[]> {
  const limit = 30_000;
  const locks = async () => (await filesIn(project.path(".git"))).filter((name) => isGitLeftover(name));
  const gone = async () => (await locks()).length === 0;
  const left = await until(gone, limit, "Git's locks to go").then(() => [], locks);
  const expected = [
    /^DVC_CHECKPOINT\.result$/,
    /^savepoint\/heartbeat$/,
    /^savepoint\/runs\/[^/]+\/run\.json$/,
    /^savepoint\/environments\.json$/,
    /^savepoint\/runs\/[^/]+\/stage-\d+-\d+\/(spec|status)\.json$/,
    /^savepoint\/runs\/[^/]+\/stage-\d+-\d+\/log(\.\d)?$/,
  ];
  const files = await filesIn(project.path(".dvc/tmp"));
  const strange = files.filter((name) => !expected.some((pattern) => pattern.test(name)));
  const inWorkspace = (await readdir(project.root)).filter((name) => /tmp$/.test(name));
  return [...left, ...strange, ...inWorkspace].map((name) => `${name} was left behind`);
}

function isGitLeftover(name: string): boolean {
  return name.endsWith(".lock") || /(^|\/)tmp_/.test(name);
}

/** Files below a folder, relative to it; none when there is no such folder. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1));
}
