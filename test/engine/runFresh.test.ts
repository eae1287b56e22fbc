import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { until } from "../support/poll.ts";
import {
  committedProject,
  ended,
  experimentNamed,
  finishRun,
  runLimit,
  seenEnvironments,
  startRun,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";

test("a fresh run records a checkpoint per epoch and the end of each stage, on one line from HEAD", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const head = await repository.git("rev-parse", "HEAD");
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: [], name: "amber-heron" });
  assert.equal(run.state, "succeeded");
  assert.deepEqual(
    run.stages.map(({ stage, state }) => `${stage} ${state}`),
    ["train succeeded", "evaluate succeeded"],
  );
  const experiment = await experimentNamed(desk, "amber-heron");
  assert.equal(experiment.baseline, head);
  assert.deepEqual(
    experiment.checkpoints
      .filter(({ kind }) => kind === "signal")
      .map(({ sequence, step, total }) => [sequence, step, total]),
    [1, 2, 3, 4, 5].map((epoch) => [epoch, epoch, 5]),
  );
  assert.equal(experiment.checkpoints.at(-1)?.stage, "evaluate");
  assert.equal(run.progress.checkpoints, experiment.checkpoints.length);
  assert.equal(experiment.checkpoints[0]?.parent, head);
  assert.deepEqual(experiment.checkpoints.at(-1)?.annotations.end, run.end);
  assert.deepEqual(seenEnvironments(repository), [
    { DVC_STAGE: "train", DVC_EXP_NAME: "amber-heron", DVCLIVE_RESUME: null, SAVEPOINT_RESUMED_STEP: null },
  ]);
  // The user's own repository is as it was, but for the lock that DVC writes too.
  assert.equal(await repository.git("rev-parse", "HEAD"), head);
  assert.equal(await repository.git("symbolic-ref", "HEAD"), "refs/heads/main");
  assert.equal(await repository.git("diff", "--cached", "--name-only"), "");
  assert.deepEqual(readdirSync(repository.path(".dvc/tmp/savepoint/listener")), []);
  assert.equal(existsSync(repository.path(".dvc/tmp/DVC_CHECKPOINT")), false);
});

test("what is up to date is refused, and runs again by force, fresh", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  assert.equal((await finishRun(desk, { verb: "run", stages: [] })).state, "succeeded");
  const again = await desk.controller.start({ verb: "run", stages: ["train"] });
  assert.ok(!again.ok && again.problem.reason === "up-to-date", JSON.stringify(again));
  const forced = await finishRun(desk, { verb: "run", stages: ["train"], force: true });
  assert.equal(forced.state, "succeeded");
  assert.equal(JSON.parse(await repository.read("model.json")).history.length, 5);
  // Nothing changed, so the stage behind it has nothing to do.
  const changed = await finishRun(desk, {
    verb: "run",
    stages: [],
    set: [{ file: "params.json", key: "epochs", value: "2" }],
  });
  assert.deepEqual(
    changed.stages.map(({ state }) => state),
    ["succeeded", "succeeded"],
  );
  assert.equal(JSON.parse(await repository.read("scores.json")).epochs, 2);
});

test("a stage that fails ends the run with its exact exit code; what was recorded stays", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "fail-3": "" });
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: [], name: "dry-finch" });
  assert.deepEqual([run.state, run.end?.code, run.end?.signal], ["failed", 3, null]);
  assert.deepEqual(
    run.stages.map(({ state, reason }) => `${state}: ${reason}`),
    ["failed: exit code 3", "waiting: depends on train, which runs first"],
  );
  const { checkpoints } = await experimentNamed(desk, "dry-finch");
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [1, 2, 3],
  );
  assert.equal(checkpoints.at(-1)?.annotations.end?.state, "failed");
});

for (const [what, cmd, code] of [
  ["a command that fails at once", "exit 9", 9],
  ["a missing command", "no-such-program-anywhere", 127],
] as const) {
  test(`${what} fails the run and records nothing`, async (t) => {
    const repository = await committedProject(t, {
      "dvc.yaml": `stages:\n  train:\n    cmd: ${cmd}\n    outs: [model]\n`,
    });
    const desk = await testDesk(t, repository);
    const run = await finishRun(desk, { verb: "run", stages: ["train"] });
    assert.deepEqual([run.state, run.end?.code, run.progress.checkpoints], ["failed", code, 0]);
    assert.equal(await repository.git("for-each-ref", "refs/exps"), "");
  });
}

test("a failed stage is tried again from its own last checkpoint, as often as its settings say", async (t) => {
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": `${trainingFiles["dvc.yaml"]}`.replace(
      "    deps: [train.py]",
      "    meta: {savepoint: {retries: 2}}\n    deps: [train.py]",
    ),
  });
  await repository.write({ "fail-2": "", "fail-4": "" });
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: ["train"] });
  assert.equal(run.state, "succeeded");
  assert.deepEqual(
    seenEnvironments(repository).map((seen) => seen.SAVEPOINT_RESUMED_STEP),
    [null, "2", "4"],
  );
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.deepEqual(
    checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step),
    [1, 2, 3, 4, 5],
  );
});

test("Stop ends the run as interrupted, and stages behind do not run", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-2": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [] });
  await until(() => desk.controller.runs[0]?.progress.step === 2, runLimit, "the second epoch");
  assert.ok((await desk.controller.stop(run.id, "now")).ok);
  const end = await ended(desk, run.id);
  assert.equal(end.state, "interrupted");
  assert.equal(end.end?.signal, "SIGINT");
  assert.equal(existsSync(repository.path("scores.json")), false);
  const over = await desk.controller.stop(run.id, "now");
  assert.ok(!over.ok && over.problem.reason === "not-running");
});

test("Ctrl-C ends the run as interrupted, with the signal in its record", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-2": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: [] });
  await until(() => desk.controller.runs[0]?.progress.step === 2, runLimit, "the second epoch");
  const status = JSON.parse(await repository.read(`.dvc/tmp/savepoint/runs/${run.id}/stage-1-1/status.json`));
  // Without a terminal the runner passes the signal on; with one, the terminal sends it to both.
  process.kill(status.runner.pid, "SIGINT");
  const end = await ended(desk, run.id);
  assert.deepEqual([end.state, end.end?.signal], ["interrupted", "SIGINT"]);
  assert.equal(end.stages[0]?.reason, "Ctrl-C");
});

test("Stop after the next checkpoint waits for that checkpoint and loses nothing", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: ["train"] });
  await until(() => desk.controller.runs[0]?.progress.step === 1, runLimit, "the first epoch");
  await desk.controller.stop(run.id, "after-next-checkpoint");
  const { rm } = await import("node:fs/promises");
  await rm(repository.path("hold-1"));
  const end = await ended(desk, run.id);
  assert.equal(end.state, "interrupted");
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [1, 2],
  );
});

test("a checkpoint by hand is recorded between signals", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-2": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: ["train"] });
  await until(() => desk.controller.runs[0]?.progress.checkpoints === 2, runLimit, "two checkpoints");
  await repository.write({ "notes.md": "by hand\n" });
  assert.ok((await desk.controller.recordNow(run.id)).ok);
  await until(() => desk.controller.runs[0]?.progress.checkpoints === 3, runLimit, "the checkpoint by hand");
  await desk.controller.stop(run.id, "now");
  await ended(desk, run.id);
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.deepEqual([checkpoints[2]?.kind, checkpoints[2]?.step], ["manual", 2]);
  assert.ok(!(await desk.controller.recordNow(run.id)).ok);
});

test("Stop after the next checkpoint holds for one that is recorded by hand", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: ["train"] });
  await until(() => desk.controller.runs[0]?.progress.step === 1, runLimit, "the first epoch");
  await desk.controller.stop(run.id, "after-next-checkpoint");
  await repository.write({ "model.json": '{"epoch": 1, "history": []}' });
  assert.ok((await desk.controller.recordNow(run.id)).ok);
  assert.equal((await ended(desk, run.id)).state, "interrupted");
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.deepEqual(
    checkpoints.map(({ kind }) => kind),
    ["signal", "manual"],
  );
});

test("a stale signal is cleared, not recorded", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ ".dvc/tmp/DVC_CHECKPOINT": '{"step": 99}' });
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: ["train"] });
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.ok(checkpoints.every(({ step }) => step !== 99));
});

const signalling = (body: string) => ({
  "dvc.yaml": "stages:\n  train:\n    cmd: python3 train.py\n    deps: [train.py]\n    outs: [model]\n",
  "train.py": `
import os, time
signal = os.path.join(os.environ["DVC_ROOT"], ".dvc", "tmp", "DVC_CHECKPOINT")
def ask(content):
    with open(signal + ".tmp", "w") as file:
        file.write(content)
    os.rename(signal + ".tmp", signal)
    while os.path.exists(signal):
        time.sleep(0.001)
def save(text):
    with open("model", "w") as file:
        file.write(text)
${body}
`,
});

test("garbage in a signal is recorded as a plain checkpoint that says so", async (t) => {
  const repository = await committedProject(t, signalling('save("1")\nask("{garbage")\nsave("2")'));
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: ["train"] });
  assert.equal(run.state, "succeeded");
  const [first] = (await experimentNamed(desk, run.experiment)).checkpoints;
  assert.match(first?.warning ?? "", /not JSON/);
  assert.equal(first?.step, null);
});

test("signals for the end of the stage are answered at once and recorded there, together", async (t) => {
  const body =
    'save("1")\nask(\'{"when":"stage-end","step":7,"metrics":{"loss":1}}\')\nsave("2")\n' +
    'ask(\'{"when":"stage-end","name":"final","metrics":{"accuracy":2}}\')\nsave("3")';
  const repository = await committedProject(t, signalling(body));
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { verb: "run", stages: ["train"] });
  const { checkpoints } = await experimentNamed(desk, run.experiment);
  assert.deepEqual(
    checkpoints.map(({ kind, step, name, metrics }) => [kind, step, name, metrics.signal]),
    [["stage-end", 7, "final", { loss: 1, accuracy: 2 }]],
  );
});

test("a second run is refused while one goes on, in this process and in another controller", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  await repository.write({ "hold-1": "" });
  const desk = await testDesk(t, repository);
  const run = await startRun(desk, { verb: "run", stages: ["train"] });
  const other = await testDesk(t, repository);
  for (const { controller } of [desk, other]) {
    const second = await controller.start({ verb: "run", stages: ["evaluate"] });
    assert.ok(!second.ok && second.problem.reason === "run-active", JSON.stringify(second));
  }
  assert.deepEqual(await other.controller.adopt(), []);
  assert.deepEqual(
    other.controller.runs.map(({ id, readOnly }) => [id, readOnly]),
    [[run.id, true]],
  );
  const refused = await other.controller.stop(run.id, "now");
  assert.ok(!refused.ok && refused.problem.reason === "read-only");
  await desk.controller.stop(run.id, "now");
  await ended(desk, run.id);
  assert.equal((await ended(other, run.id)).state, "interrupted");
});

test("bad requests are refused and leave no trace", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  for (const [request, reason] of [
    [{ verb: "run", stages: ["no-such-stage"] }, "unknown-stage"],
    [{ verb: "run", stages: [], name: "a b" }, "bad-name"],
    [
      { verb: "run", stages: [], set: [{ file: "../params.json", key: "rate", value: "1" }] },
      "outside-project",
    ],
    [{ verb: "run", stages: [], set: [{ file: "none.json", key: "rate", value: "1" }] }, "params-missing"],
    [
      { verb: "run", stages: ["none"], set: [{ file: "params.json", key: "rate", value: "1" }] },
      "unknown-stage",
    ],
  ] as const) {
    const refused = await desk.controller.start(request);
    assert.ok(!refused.ok);
    assert.equal(refused.problem.reason, reason);
  }
  assert.equal(await repository.git("status", "--porcelain"), "");
  assert.deepEqual(desk.controller.runs, []);
});
