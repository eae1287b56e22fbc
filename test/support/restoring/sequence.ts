import assert from "node:assert/strict";
import type { Checkpoint, Experiment } from "../../../src/engine/model.ts";
import { openProject } from "../../../src/engine/openProject.ts";
import { loadPipeline } from "../../../src/engine/pipeline/load.ts";
import type { Stage } from "../../../src/engine/pipeline/stage.ts";
import type { Project } from "../../../src/engine/project.ts";
import type { Result } from "../../../src/engine/result.ts";
import { restoreToContinue } from "../../../src/engine/run/restoreToContinue.ts";
import { ExperimentIndex } from "../../../src/engine/store/experimentIndex.ts";
import { exportCheckpoint } from "../../../src/engine/store/exportCheckpoint.ts";
import { Hasher } from "../../../src/engine/store/hasher.ts";
import { planUndo } from "../../../src/engine/store/planUndo.ts";
import { Recorder } from "../../../src/engine/store/recorder.ts";
import { bringBack, removedExperiments, removeExperiments } from "../../../src/engine/store/removal.ts";
import { planRestore, removeWithUndo, restore, undoRestore } from "../../../src/engine/store/restore.ts";
import { operationUnderWay } from "../../../src/engine/store/trackedFiles.ts";
import { undoPoints } from "../../../src/engine/store/undoPoints.ts";
import { snapshotOfFolder } from "../folderSnapshot.ts";
import { request, workerPath } from "../recording.ts";
import { type TemporaryProject, temporaryFolder } from "../temporaryProject.ts";
import { type Action, type ActionScope, ours } from "./actions.ts";
import { answeredFor, type Contents, obtainable } from "./bytes.ts";
import {
  afterRestore,
  afterUndo,
  type Expectation,
  recordedFrom,
  type Undoable,
  undoable,
} from "./expectation.ts";
import { differing, type Files, outputs, readFiles } from "./files.ts";
import { act, linkedWorkTree } from "./repository.ts";

interface Known {
  readonly checkpoint: Checkpoint;
  readonly holds: Files;
}

/** A work tree with what can be taken back in it, newest first. */
interface Place {
  readonly work: TemporaryProject;
  readonly project: Project;
  readonly undoables: Undoable[];
}

async function placeAt(work: TemporaryProject): Promise<Place> {
  const opened = await openProject(work.root);
  assert.ok(opened.ok);
  return { work, project: opened.value, undoables: [] };
}

/** Carries out one sequence in a repository, and throws at the first thing that is not as it must be. */
export async function carryOut(repository: TemporaryProject, actions: readonly Action[]): Promise<void> {
  const hasher = new Hasher(workerPath);
  const sequence = new Sequence(await placeAt(repository), hasher);
  try {
    for (const action of actions) await sequence.perform(action);
    await sequence.finish();
  } finally {
    hasher.dispose();
    await sequence.dispose();
  }
}

class Sequence {
  readonly #main: Place;
  readonly #hasher: Hasher;
  readonly #known: Known[] = [];
  readonly #removed = new Set<string>();
  /** Where all happens now. */
  #place: Place;
  /** The work tree where nothing happens now; `null` before there is one. */
  #other: Place | null = null;
  #number = 0;

  constructor(main: Place, hasher: Hasher) {
    this.#main = main;
    this.#place = main;
    this.#hasher = hasher;
  }

  async dispose(): Promise<void> {
    for (const place of [this.#place, this.#other]) if (place !== this.#main) await place?.work.dispose();
  }

  /** Nothing is lost by what Savepoint does; what it answers for is not lost by what the user does. */
  async perform(action: Action): Promise<void> {
    this.#number += 1;
    if (action.kind === "other-work-tree") return this.#goToOther();
    const isOurs = ours.has(action.kind);
    const before = await (isOurs ? this.#obtainable() : answeredFor(this.#main.work));
    if (isOurs) await this.#untouched(() => this.#performOurs(action));
    else await act(this.#place.work, action, this.#number);
    // Most of what a user does can't reach what Savepoint keeps: only a look at the end, and after the rest.
    if (isOurs || action.kind === "collect") await this.#expectAll(before);
  }

  /** All checkpoints are still listed, and complete; the oldest safety copies can be gone back to. */
  async finish(): Promise<void> {
    const { git } = this.#main.work;
    const listed = new Set((await this.#experiments()).flatMap(({ checkpoints }) => checkpoints.map(shaOf)));
    for (const { checkpoint, holds } of this.#known) {
      const isListed = listed.has(checkpoint.sha) || this.#removed.has(checkpoint.experiment);
      assert.ok(isListed, `${checkpoint.experiment}@${checkpoint.sequence} is not listed`);
      await git("rev-list", "--objects", "--quiet", checkpoint.sha);
      const plan = await planRestore(this.#main.project, checkpoint, "outputs", this.#hasher);
      assert.ok(plan.ok, JSON.stringify(plan));
      for (const path of ["train.py", "notes.ipynb"]) {
        const recorded = await git("show", `${checkpoint.sha}:${path}`).catch(() => undefined);
        assert.equal(recorded, holds.get(path)?.content.replace(/\n$/, ""), `${path} as recorded`);
      }
    }
    for (let left = Math.min(this.#place.undoables.length, 3); left > 0; left -= 1)
      await this.perform({ kind: "undo", point: this.#place.undoables.length - 1 });
  }

  async #goToOther(): Promise<void> {
    this.#other ??= await placeAt(await linkedWorkTree(this.#main.work));
    [this.#place, this.#other] = [this.#other, this.#place];
  }

  #obtainable(): Promise<Contents> {
    return obtainable(
      this.#main.work,
      [this.#place, this.#other].flatMap((place) => place?.work ?? []),
    );
  }

  async #experiments(): Promise<readonly Experiment[]> {
    const index = new ExperimentIndex(this.#main.project);
    await index.refresh().finally(() => index.dispose());
    return index.experiments;
  }

  async #expectAll(before: Contents): Promise<void> {
    const after = await this.#obtainable();
    const lost = [...before].filter((id) => !after.has(id));
    assert.deepEqual(lost, [], "contents can't be got any more");
  }

  /** HEAD, the index, branches, the stash, settings and the other work tree are the user's, byte for byte. */
  async #untouched(work: () => Promise<void>): Promise<void> {
    const look = async () => ({
      files: await snapshotOfFolder(this.#main.work.path(".git"), [
        "objects",
        "refs",
        "packed-refs",
        "logs/refs/exps",
      ]),
      refs: (await this.#main.work.git("show-ref"))
        .split("\n")
        .filter((line) => !/ refs\/(exps|savepoint)\//.test(line)),
      elsewhere: this.#other && [...readFiles(this.#other.work.root)],
    });
    const before = await look();
    await work();
    assert.deepEqual(await look(), before);
  }

  async #performOurs(action: Action): Promise<void> {
    switch (action.kind) {
      case "checkpoint":
        return this.#record(action.from);
      case "apply":
        return this.#apply(this.#choose(action.checkpoint), action.scope);
      case "continue":
        return this.#continue(this.#choose(action.checkpoint));
      case "export":
        return this.#export(this.#choose(action.checkpoint));
      case "delete":
        return this.#delete(this.#choose(action.checkpoint).checkpoint.experiment);
      case "bring-back":
        return this.#bringBack();
      case "start-fresh":
        return this.#startFresh();
      case "undo":
        return this.#undo(action.point);
      default:
        throw new Error(`${action.kind} is the user's`);
    }
  }

  #choose(index: number): Known {
    const chosen = this.#known[index % Math.max(this.#known.length, 1)];
    assert.ok(chosen, "no checkpoint was recorded");
    return chosen;
  }

  async #gitPaths(...options: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set((await this.#place.work.git("ls-files", "-z", ...options)).split("\0"));
  }

  async #record(from: "head" | "last" | number): Promise<void> {
    const { project } = this.#place;
    const before = readFiles(project.root);
    const gitPaths = await this.#gitPaths("--cached", "--others", "--exclude-standard");
    const recorder = await Recorder.open({
      project,
      hasher: this.#hasher,
      runId: `run-${this.#number}`,
      ...(await this.#lineFrom(from)),
    });
    try {
      recorder.onDidRecord((checkpoint) => {
        this.#known.push({ checkpoint, holds: recordedFrom(before, gitPaths) });
      });
      const taken = await recorder.snapshot(request(await stageOf(project), { step: this.#number }));
      assert.ok(taken.ok, JSON.stringify(taken));
      const drained = await recorder.drain();
      assert.ok(drained.ok, JSON.stringify(drained));
    } finally {
      recorder.dispose();
    }
    this.#expectFiles(before);
  }

  /** The line that a checkpoint is recorded in: a new one, the newest one, or a fork of any. */
  async #lineFrom(from: "head" | "last" | number) {
    const alive = this.#known.filter(({ checkpoint }) => !this.#removed.has(checkpoint.experiment));
    const origin = from === "head" ? undefined : alive.at(from === "last" ? -1 : from % alive.length);
    if (origin === undefined) {
      const head = await this.#place.work.git("rev-parse", "HEAD");
      const experiment = `line-${this.#number}`;
      return { experiment, baseline: head, parent: head, sequence: 0, resumedFrom: null };
    }
    const { experiment, sequence, sha } = origin.checkpoint;
    const baseline = (await this.#experiments()).find(({ name }) => name === experiment)?.baseline;
    assert.ok(baseline);
    const line = { baseline, parent: sha, sequence };
    return from === "last"
      ? { ...line, experiment, resumedFrom: null }
      : { ...line, experiment: `fork-${this.#number}`, resumedFrom: { experiment, sequence, sha } };
  }

  async #apply({ checkpoint, holds }: Known, scope: ActionScope): Promise<void> {
    const { project } = this.#place;
    const before = readFiles(project.root);
    const expected = afterRestore(before, holds, scope, await this.#gitPaths());
    const operation = await operationUnderWay(project);
    const plan = await planRestore(project, checkpoint, scope, this.#hasher);
    const isRefused =
      operation !== null &&
      scope !== "outputs" &&
      !(plan.ok && plan.value.files.write.length + plan.value.files.remove.length === 0);
    if (isRefused && !plan.ok) {
      assert.equal(plan.problem.reason, "operation-under-way");
      return this.#expectFiles(before);
    }
    await this.#settle(before, expected, plan.ok ? await restore(plan.value) : plan);
  }

  async #continue({ checkpoint, holds }: Known): Promise<void> {
    const { project } = this.#place;
    const before = readFiles(project.root);
    const expected = afterRestore(before, holds, "outputs", await this.#gitPaths());
    const stage = await stageOf(project);
    const services = { project, hasher: this.#hasher };
    const done = await restoreToContinue(services, [stage], stage, checkpoint);
    await this.#settle(before, expected, done);
  }

  async #startFresh(): Promise<void> {
    const { project } = this.#place;
    const before = readFiles(project.root);
    const expected = afterRestore(before, new Map(), "outputs", new Set());
    await this.#settle(before, expected, await removeWithUndo(project, outputs, this.#hasher));
  }

  async #export({ checkpoint, holds }: Known): Promise<void> {
    const before = readFiles(this.#place.project.root);
    const folder = await temporaryFolder();
    try {
      const exported = await exportCheckpoint(
        this.#place.project,
        checkpoint,
        folder.path("new"),
        this.#hasher,
      );
      assert.ok(exported.ok, JSON.stringify(exported));
      expectSame(readFiles(folder.path("new")), holds);
    } finally {
      await folder.dispose();
    }
    this.#expectFiles(before);
  }

  async #delete(name: string): Promise<void> {
    const experiment = (await this.#experiments()).find((one) => one.name === name);
    assert.equal(experiment === undefined, this.#removed.has(name));
    if (experiment === undefined) return;
    const removed = await removeExperiments(this.#main.project, [experiment], Date.now());
    assert.ok(removed.ok, JSON.stringify(removed));
    this.#removed.add(name);
  }

  async #bringBack(): Promise<void> {
    const removed = await removedExperiments(this.#main.project);
    assert.deepEqual(new Set(removed.map(({ name }) => name)), this.#removed);
    const [last] = removed;
    if (last === undefined) return;
    const back = await bringBack(this.#main.project, [last]);
    assert.ok(back.ok, JSON.stringify(back));
    this.#removed.delete(last.name);
  }

  async #undo(number: number): Promise<void> {
    const { project, undoables } = this.#place;
    const before = readFiles(project.root);
    const points = await undoPoints(project);
    assert.equal(points.length, undoables.length, "what can be taken back is listed");
    const index = number % Math.max(points.length, 1);
    const [point, model] = [points[index], undoables[index]];
    if (point === undefined || model === undefined) {
      const undone = await undoRestore(project, this.#hasher);
      assert.ok(!undone.ok && undone.problem.reason === "nothing-to-undo", JSON.stringify(undone));
      return this.#expectFiles(before);
    }
    const plan = await planUndo(project, point, this.#hasher);
    if (!plan.ok && plan.problem.reason === "operation-under-way") {
      assert.notEqual(await operationUnderWay(project), null);
      return this.#expectFiles(before);
    }
    const undone = plan.ok ? await restore(plan.value) : plan;
    if (undone.ok) undoables.splice(index, 1);
    await this.#settle(before, afterUndo(before, model), undone);
  }

  /** The folder is as the model has it, or the restore was refused for a reason and has changed nothing. */
  async #settle(before: Files, expected: Expectation, outcome: Result<unknown>): Promise<void> {
    const { project, undoables } = this.#place;
    if (expected.kind === "refused") {
      assert.ok(!outcome.ok, `not refused, though ${expected.path} can't be written`);
      assert.equal(outcome.problem.reason, "in-the-way", outcome.problem.message);
      this.#expectFiles(before);
    } else {
      assert.ok(outcome.ok, JSON.stringify(outcome));
      this.#expectFiles(expected.files);
    }
    const after = readFiles(project.root);
    const wasKept = (await undoPoints(project)).length - undoables.length;
    if (wasKept !== 0) undoables.unshift(undoable(before, after));
    assert.ok(
      wasKept === 1 || (wasKept === 0 && differing(before, after).length === 0),
      "what was there is kept",
    );
  }

  #expectFiles(expected: Files): void {
    expectSame(readFiles(this.#place.project.root), expected);
  }
}

function expectSame(now: Files, expected: Files): void {
  const wrong = differing(expected, now).filter((path) => path !== "dvc.lock");
  const describe = (files: Files, path: string) => JSON.stringify(files.get(path) ?? "nothing");
  assert.deepEqual(
    wrong.map((path) => `${path}: ${describe(now, path)}`),
    wrong.map((path) => `${path}: ${describe(expected, path)}`),
  );
}

async function stageOf(project: Project): Promise<Stage> {
  const [stage] = (await loadPipeline(project)).stages;
  assert.ok(stage);
  return stage;
}

function shaOf({ sha }: Checkpoint): string {
  return sha;
}
