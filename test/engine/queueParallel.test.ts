import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { finishQueue, queueDesk, runsDesk, startIsolated } from "../support/isolated.ts";
import { type LedgerProject, ledgerProject, peakOf } from "../support/ledgerTraining.ts";
import { until } from "../support/poll.ts";
import { cleanUp, experimentNamed, runLimit } from "../support/runs.ts";

const host = resolve(import.meta.dirname, "../support/queueHost.ts");

/** Works the queue in a process of its own. */
function workElsewhere(t: TestContext, { repository }: LedgerProject, jobs: number) {
  const child = spawn(process.execPath, [host, repository.root, `${jobs}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  cleanUp(t, async () => {
    child.kill("SIGKILL");
  });
  return child;
}

/** Nothing of a queue or an isolated run is left: worktrees, what Git knows of them, refs. */
async function assertClean({ repository }: LedgerProject): Promise<void> {
  assert.equal((await repository.git("worktree", "list", "--porcelain")).match(/^worktree /gm)?.length, 1);
  assert.deepEqual(readdirSync(repository.path(".dvc/tmp/exps")), []);
  assert.deepEqual(readdirSync(repository.path(".dvc/tmp/savepoint/isolated")), []);
  assert.equal(await repository.git("for-each-ref", "refs/savepoint"), "");
  assert.equal(await repository.git("status", "--porcelain"), "");
  await repository.git("fsck", "--strict");
}

const names = ["a", "b", "c", "d"];
const requests = names.map((name) => ({ verb: "run", stages: [], name }) as const);

test("so many queued runs go on at the same time as the queue has jobs, and one in the workspace beside them", async (t) => {
  const project = await ledgerProject(t);
  const desk = await queueDesk(t, project.repository);
  // Three must be under way at once, or none gets any further.
  await project.ledger.write({ together: "3" });
  assert.ok((await desk.queue.add(requests)).ok);
  const started = await desk.runs.start({ verb: "run", stages: [], name: "here" });
  assert.ok(started.ok, JSON.stringify(started));
  await finishQueue(desk, 2);
  assert.equal((await desk.runs.whenEnded(started.value.id)).state, "succeeded");
  assert.deepEqual(
    desk.queue.entries.map(({ state }) => state),
    names.map(() => "succeeded"),
  );
  assert.ok(peakOf(project.lines().filter((line) => !line.endsWith("here"))) <= 2, project.lines().join());
  for (const name of [...names, "here"]) {
    const { checkpoints } = await experimentNamed(desk, name);
    assert.deepEqual(
      checkpoints.slice(0, 3).map(({ step }) => step),
      [1, 2, 3],
    );
  }
  await rm(project.repository.path("model.json"));
  await project.repository.git("clean", "-fdq");
  await assertClean(project);
});

test("the queue goes on when the process that worked it is killed: no run twice, no checkpoint lost", async (t) => {
  const project = await ledgerProject(t);
  const desk = await queueDesk(t, project.repository);
  await project.ledger.write({ hold: "" });
  assert.ok((await desk.queue.add(requests)).ok);
  const child = workElsewhere(t, project, 2);
  await until(() => project.lines().length === 2, runLimit, "two trainings to start");
  // This window sees it, and leaves it to the other one.
  await desk.runs.adopt();
  await desk.queue.adopt();
  await until(
    () => desk.runs.runs.filter(({ readOnly }) => readOnly).length === 2,
    runLimit,
    "both to be seen",
  );
  assert.deepEqual(
    desk.queue.entries.map(({ state }) => state),
    ["running", "running", "waiting", "waiting"],
  );
  child.kill("SIGKILL");
  await until(() => desk.runs.runs.every(({ readOnly }) => !readOnly), runLimit, "this window to take over");
  await rm(project.ledger.path("hold"));
  await until(() => desk.queue.isPaused, runLimit, "the queue to be through");
  assert.deepEqual(
    desk.queue.entries.map(({ state }) => state),
    names.map(() => "succeeded"),
  );
  for (const name of names) {
    const { checkpoints } = await experimentNamed(desk, name);
    assert.deepEqual(
      checkpoints.slice(0, 3).map(({ step }) => step),
      [1, 2, 3],
    );
    assert.equal(project.lines().filter((line) => line === `start ${name}`).length, 1);
  }
  await assertClean(project);
});

test("killed while worktrees are being made, the queue begins those runs again", async (t) => {
  const project = await ledgerProject(t);
  const desk = await queueDesk(t, project.repository);
  assert.ok((await desk.queue.add(requests.slice(0, 2))).ok);
  const child = workElsewhere(t, project, 2);
  await until(() => readdirSync(project.repository.path(".dvc/tmp/exps")).length > 0, runLimit, "a worktree");
  child.kill("SIGKILL");
  await desk.runs.adopt();
  await desk.queue.adopt();
  await until(() => desk.queue.isPaused, runLimit, "the queue to be through");
  assert.deepEqual(
    desk.queue.entries.map(({ state }) => state),
    ["succeeded", "succeeded"],
  );
  assert.deepEqual(
    project
      .lines()
      .filter((line) => line.startsWith("start "))
      .toSorted(),
    ["start a", "start b"],
  );
  await assertClean(project);
});

test("a failed or stopped run does not keep the others from running; one that waits is taken back", async (t) => {
  const project = await ledgerProject(t);
  const desk = await queueDesk(t, project.repository);
  await project.ledger.write({ hold: "" });
  await project.repository.write({ "train.py": "raise SystemExit(3)\n" });
  assert.ok((await desk.queue.add(requests.slice(0, 1))).ok);
  await project.repository.git("checkout", "--", "train.py");
  assert.ok((await desk.queue.add(requests.slice(1))).ok);
  await desk.queue.start(1);
  await until(() => project.lines().includes("start b"), runLimit, "the second to run");
  const [, b, c] = desk.queue.entries;
  assert.ok((await desk.queue.cancel(c?.id ?? "")).ok);
  await desk.queue.pause();
  assert.ok((await desk.queue.cancel(b?.id ?? "")).ok);
  await until(() => desk.queue.entries[1]?.state === "cancelled", runLimit, "the second to be stopped");
  assert.deepEqual(
    desk.queue.entries.map(({ state, problem }) => [state, problem]),
    [
      ["failed", "train: exit code 3"],
      ["cancelled", null],
      ["cancelled", null],
      ["waiting", null],
    ],
  );
  assert.equal(
    project.lines().some((line) => line.endsWith(" d")),
    false,
    "a paused queue starts nothing",
  );
  const refused = await desk.queue.add([{ verb: "run", stages: ["nope"] }]);
  assert.ok(!refused.ok && /nope/.test(refused.problem.message));
  const taken = await desk.queue.add([{ verb: "run", stages: [], name: "d" }]);
  assert.ok(!taken.ok && taken.problem.reason === "name-taken");
  await rm(project.ledger.path("hold"));
  await finishQueue(desk, 1);
  assert.equal(desk.queue.entries.at(-1)?.state, "succeeded");
  await assertClean(project);
});

test("an experiment that is running can't be resumed at the same time", async (t) => {
  const project = await ledgerProject(t);
  const desk = await runsDesk(t, project.repository);
  await project.ledger.write({ hold: "" });
  const { id } = await startIsolated(desk, { verb: "run", stages: [], name: "amber-heron" });
  const [first] = (
    await until(() => experimentNamed(desk, "amber-heron").catch(() => null), runLimit, "a checkpoint")
  ).checkpoints;
  assert.ok(first);
  const refused = await desk.runs.start({ verb: "resume", checkpoint: first });
  assert.ok(!refused.ok && refused.problem.reason === "experiment-running", JSON.stringify(refused));
  const named = await desk.runs.start({ verb: "run", stages: [], name: "amber-heron", place: "isolated" });
  assert.ok(!named.ok && named.problem.reason === "name-taken");
  const fork = await startIsolated(desk, { verb: "fork", checkpoint: first, name: "brisk-wren" });
  await rm(project.ledger.path("hold"));
  assert.equal((await desk.runs.whenEnded(fork.id)).state, "succeeded");
  assert.equal((await desk.runs.whenEnded(id)).state, "succeeded");
  await assertClean(project);
});
