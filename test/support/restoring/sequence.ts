import assert from "node:assert/strict";
import type { Checkpoint } from "../../../src/engine/model.ts";
import { openProject } from "../../../src/engine/openProject.ts";
import { loadPipeline } from "../../../src/engine/pipeline/load.ts";
import type { Stage } from "../../../src/engine/pipeline/stage.ts";
import type { Project } from "../../../src/engine/project.ts";
import { type Result, success } from "../../../src/engine/result.ts";
import { restoreToContinue } from "../../../src/engine/run/restoreToContinue.ts";
import { ExperimentIndex } from "../../../src/engine/store/experimentIndex.ts";
import { Hasher } from "../../../src/engine/store/hasher.ts";
import { Recorder } from "../../../src/engine/store/recorder.ts";
import {
  planRestore,
  type RestoreReport,
  removeWithUndo,
  restore,
  undoRestore,
} from "../../../src/engine/store/restore.ts";
import { operationUnderWay } from "../../../src/engine/store/trackedFiles.ts";
import { snapshotOfFolder } from "../folderSnapshot.ts";
import { request, workerPath } from "../recording.ts";
import type { TemporaryProject } from "../temporaryProject.ts";
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
import { act } from "./repository.ts";

interface Known {
  readonly checkpoint: Checkpoint;
  readonly holds: Files;
}

/** Carries out one sequence in a repository, and throws at the first thing that is not as it must be. */
export async function carryOut(repository: TemporaryProject, actions: readonly Action[]): Promise<void> {
  const opened = await openProject(repository.root);
  assert.ok(opened.ok);
  const hasher = new Hasher(workerPath);
  const services = { project: opened.value, hasher };
  try {
    const [stage] = (await loadPipeline(services.project)).stages;
    assert.ok(stage);
    const sequence = new Sequence(repository, services, stage);
    for (const action of actions) await sequence.perform(action);
    await sequence.finish();
  } finally {
    hasher.dispose();
  }
}

interface Services {
  readonly project: Project;
  readonly hasher: Hasher;
}

class Sequence {
  readonly #project: TemporaryProject;
  readonly #services: Services;
  readonly #stage: Stage;
  readonly #known: Known[] = [];
  #undoable: Undoable | null = null;
  #number = 0;

  constructor(project: TemporaryProject, services: Services, stage: Stage) {
    this.#project = project;
    this.#services = services;
    this.#stage = stage;
  }

  /** Nothing is lost by what Savepoint does; what it answers for is not lost by what the user does. */
  async perform(action: Action): Promise<void> {
    this.#number += 1;
    const isOurs = ours.has(action.kind);
    const before = await (isOurs ? obtainable(this.#project) : answeredFor(this.#project));
    if (isOurs) await this.#untouched(() => this.#performOurs(action));
    else await act(this.#project, action, this.#number);
    // Most of what a user does can't reach what Savepoint keeps: only a look at the end, and after the rest.
    if (isOurs || action.kind === "collect") await this.#expectAll(before);
  }

  /** All checkpoints are still listed, and complete. */
  async finish(): Promise<void> {
    const { project, hasher } = this.#services;
    const experiments = new ExperimentIndex(project);
    await experiments.refresh().finally(() => experiments.dispose());
    const listed = new Set(
      experiments.experiments.flatMap(({ checkpoints }) => checkpoints.map(({ sha }) => sha)),
    );
    for (const { checkpoint, holds } of this.#known) {
      assert.ok(listed.has(checkpoint.sha), `${checkpoint.experiment}@${checkpoint.sequence} is not listed`);
      await this.#project.git("rev-list", "--objects", "--quiet", checkpoint.sha);
      const plan = await planRestore(project, checkpoint, "outputs", hasher);
      assert.ok(plan.ok, JSON.stringify(plan));
      for (const path of ["train.py", "notes.ipynb"]) {
        const recorded = await this.#project.git("show", `${checkpoint.sha}:${path}`).catch(() => undefined);
        assert.equal(recorded, holds.get(path)?.content.replace(/\n$/, ""), `${path} as recorded`);
      }
    }
  }

  async #expectAll(before: Contents): Promise<void> {
    const after = await obtainable(this.#project);
    const lost = [...before].filter((id) => !after.has(id));
    assert.deepEqual(lost, [], "contents can't be got any more");
  }

  /** HEAD, the index, branches, the stash and settings are the user's, byte for byte. */
  async #untouched(work: () => Promise<void>): Promise<void> {
    const look = async () => ({
      files: await snapshotOfFolder(this.#project.path(".git"), [
        "objects",
        "refs",
        "packed-refs",
        "logs/refs/exps",
      ]),
      refs: (await this.#project.git("show-ref"))
        .split("\n")
        .filter((line) => !/ refs\/(exps|savepoint)\//.test(line)),
    });
    const before = await look();
    await work();
    assert.deepEqual(await look(), before);
  }

  async #performOurs(action: Action): Promise<void> {
    switch (action.kind) {
      case "checkpoint":
        return this.#record(action.continues);
      case "apply":
        return this.#apply(this.#choose(action.checkpoint), action.scope);
      case "continue":
        return this.#continue(this.#choose(action.checkpoint));
      case "start-fresh":
        return this.#startFresh();
      case "undo":
        return this.#undo();
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
    return new Set((await this.#project.git("ls-files", "-z", ...options)).split("\0"));
  }

  async #record(continues: boolean): Promise<void> {
    const { project, hasher } = this.#services;
    const before = readFiles(project.root);
    const gitPaths = await this.#gitPaths("--cached", "--others", "--exclude-standard");
    const head = await this.#project.git("rev-parse", "HEAD");
    const last = continues ? this.#known.at(-1)?.checkpoint : undefined;
    const tip = last && this.#known.findLast(({ checkpoint }) => checkpoint.experiment === last.experiment);
    const recorder = await Recorder.open({
      project,
      hasher,
      runId: `run-${this.#number}`,
      experiment: last?.experiment ?? `line-${this.#number}`,
      baseline: last ? await this.#baselineOf(last.experiment) : head,
      parent: tip?.checkpoint.sha ?? head,
      sequence: tip?.checkpoint.sequence ?? 0,
      resumedFrom: null,
    });
    try {
      recorder.onDidRecord((checkpoint) => {
        this.#known.push({ checkpoint, holds: recordedFrom(before, gitPaths) });
      });
      const taken = await recorder.snapshot(request(this.#stage, { step: this.#number }));
      assert.ok(taken.ok, JSON.stringify(taken));
      const drained = await recorder.drain();
      assert.ok(drained.ok, JSON.stringify(drained));
    } finally {
      recorder.dispose();
    }
    this.#expectFiles(before);
  }

  async #baselineOf(experiment: string): Promise<string> {
    const refs = await this.#project.git("for-each-ref", "--format=%(refname)", "refs/exps");
    const [, start, rest] = refs.match(new RegExp(`^refs/exps/(..)/([0-9a-f]+)/${experiment}$`, "m")) ?? [];
    assert.ok(start && rest);
    return start + rest;
  }

  async #apply({ checkpoint, holds }: Known, scope: ActionScope): Promise<void> {
    const { project, hasher } = this.#services;
    const before = readFiles(project.root);
    const expected = afterRestore(before, holds, scope, await this.#gitPaths());
    const operation = await operationUnderWay(project);
    const plan = await planRestore(project, checkpoint, scope, hasher);
    const isRefused =
      operation !== null &&
      scope !== "outputs" &&
      !(plan.ok && plan.value.files.write.length + plan.value.files.remove.length === 0);
    if (isRefused && !plan.ok) {
      assert.equal(plan.problem.reason, "operation-under-way");
      return this.#expectFiles(before);
    }
    this.#settle(before, expected, plan.ok ? await restore(plan.value) : plan);
  }

  async #continue({ checkpoint, holds }: Known): Promise<void> {
    const before = readFiles(this.#project.root);
    const expected = afterRestore(before, holds, "outputs", await this.#gitPaths());
    const done = await restoreToContinue(this.#services, [this.#stage], this.#stage, checkpoint);
    this.#settle(before, expected, done.ok ? success(undefined) : done);
  }

  async #startFresh(): Promise<void> {
    const { project, hasher } = this.#services;
    const before = readFiles(project.root);
    const expected = afterRestore(before, new Map(), "outputs", new Set());
    this.#settle(before, expected, await removeWithUndo(project, outputs, hasher));
  }

  async #undo(): Promise<void> {
    const { project, hasher } = this.#services;
    const before = readFiles(project.root);
    const undone = await undoRestore(project, hasher);
    if (this.#undoable === null) {
      assert.ok(!undone.ok && undone.problem.reason === "nothing-to-undo", JSON.stringify(undone));
      return this.#expectFiles(before);
    }
    if (!undone.ok && undone.problem.reason === "operation-under-way") {
      assert.notEqual(await operationUnderWay(project), null);
      return this.#expectFiles(before);
    }
    this.#settle(before, afterUndo(before, this.#undoable), undone);
  }

  /** The folder is as the model has it, or the restore was refused for a reason and has changed nothing. */
  #settle(before: Files, expected: Expectation, outcome: Result<RestoreReport | undefined>): void {
    if (expected.kind === "refused") {
      assert.ok(!outcome.ok, `not refused, though ${expected.path} can't be written`);
      assert.equal(outcome.problem.reason, "in-the-way", outcome.problem.message);
      this.#expectFiles(before);
      return;
    }
    assert.ok(outcome.ok, JSON.stringify(outcome));
    this.#expectFiles(expected.files);
    const after = readFiles(this.#project.root);
    const didChange =
      outcome.value === undefined ? differing(before, after).length > 0 : outcome.value.undoRef !== null;
    if (didChange) this.#undoable = undoable(before, after);
  }

  #expectFiles(expected: Files): void {
    const now = readFiles(this.#project.root);
    const wrong = differing(expected, now).filter((path) => path !== "dvc.lock");
    const describe = (files: Files, path: string) => JSON.stringify(files.get(path) ?? "nothing");
    assert.deepEqual(
      wrong.map((path) => `${path}: ${describe(now, path)}`),
      wrong.map((path) => `${path}: ${describe(expected, path)}`),
    );
  }
}
