import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { FreshRequest } from "../../src/engine/run/request.ts";
import {
  committedProject,
  type Desk,
  experimentNamed,
  finishRun,
  seenEnvironments,
  testDesk,
  trainingFiles,
} from "../support/runs.ts";
import type { TemporaryProject } from "../support/temporaryProject.ts";

const train = { verb: "run", stages: ["train"] } as const;

/** A project with a finished experiment `amber-heron` of five epochs, whose params have more epochs now. */
async function extended(t: TestContext, meta = ""): Promise<{ repository: TemporaryProject; desk: Desk }> {
  const pipeline = trainingFiles["dvc.yaml"] as string;
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": pipeline.replace("    deps: [train.py]\n", `    deps: [train.py]\n${meta}`),
  });
  const desk = await testDesk(t, repository);
  assert.equal(
    (await finishRun(desk, { ...train, name: "amber-heron", policy: "fresh" })).state,
    "succeeded",
  );
  await repository.write({ "params.json": '{"epochs": 7, "rate": 0.5}\n' });
  return { repository, desk };
}

async function refusal(desk: Desk, request: FreshRequest): Promise<string> {
  const started = await desk.controller.start(request);
  if (started.ok) throw new Error("The run was not refused.");
  return `${started.problem.reason}: ${started.problem.message}`;
}

/** The step from which the newest launch went on. */
function resumedStep(repository: TemporaryProject): string | null | undefined {
  return seenEnvironments(repository).at(-1)?.SAVEPOINT_RESUMED_STEP;
}

test("eager: what changed since the checkpoint is told first, and loaded only when that is agreed to", async (t) => {
  const { repository, desk } = await extended(t, "    meta: {savepoint: {load_policy: eager}}\n");
  assert.equal(
    await refusal(desk, train),
    "load-changed: train would go on from amber-heron@5 (the latest checkpoint of train; load policy eager), " +
      "but since then: parameter 'epochs' in params.json changed from 5 to 7.",
  );
  const run = await finishRun(desk, { ...train, name: "calm-otter", acceptChanges: true });
  assert.equal(run.state, "succeeded");
  assert.equal(resumedStep(repository), "5");
  assert.equal(
    run.stages[0]?.launches[0]?.from,
    "amber-heron@5, step 5/5 (the latest checkpoint of train; load policy eager)",
  );
  const { checkpoints } = await experimentNamed(desk, "calm-otter");
  assert.deepEqual(
    checkpoints.filter(({ kind }) => kind === "signal").map(({ step }) => step),
    [6, 7],
  );
});

test("a policy of the request overrides that of the stage; fresh loads nothing", async (t) => {
  const { repository, desk } = await extended(t, "    meta: {savepoint: {load_policy: eager}}\n");
  const run = await finishRun(desk, { ...train, name: "calm-otter", policy: "fresh" });
  assert.equal(run.state, "succeeded");
  assert.equal(resumedStep(repository), null);
});

test("a command and a dependency that changed are told as well", async (t) => {
  const { repository, desk } = await extended(t);
  await repository.write({
    "dvc.yaml": (trainingFiles["dvc.yaml"] as string).replace("python3 train.py", "python3 ./train.py"),
    "train.py": `# changed\n${trainingFiles["train.py"]}`,
  });
  assert.match(
    await refusal(desk, { ...train, policy: "eager" }),
    /since then: the command changed; dependency 'train\.py' changed; parameter 'epochs' in params\.json changed from 5 to 7\.$/,
  );
});

test("eager takes the newest of one's own; a scope of everyone takes that of others", async (t) => {
  const { repository, desk } = await extended(t);
  await repository.git("config", "user.email", "somebody@else.example");
  const run = await finishRun(desk, { ...train, name: "calm-otter", policy: "eager" });
  assert.equal(run.stages[0]?.launches[0]?.from, null);
  assert.equal(resumedStep(repository), null);

  await repository.git("config", "user.email", "third@else.example");
  const pipeline = (trainingFiles["dvc.yaml"] as string).replace(
    "    deps: [train.py]\n",
    "    deps: [train.py]\n    meta: {savepoint: {scope: everyone}}\n",
  );
  await repository.write({ "dvc.yaml": pipeline, "params.json": '{"epochs": 8, "rate": 0.5}\n' });
  assert.match(
    await refusal(desk, { ...train, policy: "eager" }),
    /train would go on from calm-otter@7 .* changed from 7 to 8/,
  );
});

test("a named checkpoint is loaded into a new experiment, from its middle as well", async (t) => {
  const { repository, desk } = await extended(t);
  const from = (await experimentNamed(desk, "amber-heron")).checkpoints[2];
  assert.ok(from);
  assert.match(await refusal(desk, { ...train, from }), /go on from amber-heron@3 \(as asked for\)/);
  const run = await finishRun(desk, { ...train, name: "calm-otter", from, acceptChanges: true });
  assert.equal(run.state, "succeeded");
  assert.equal(resumedStep(repository), "3");
  assert.deepEqual(run.resumedFrom, { experiment: "amber-heron", sequence: 3, sha: from.sha });
  assert.match(
    await refusal(desk, { verb: "run", stages: ["evaluate"], reach: "single", from }),
    /load-elsewhere: amber-heron@3 can't be loaded: it is of train, and this run has evaluate\./,
  );
});

test("eager with no checkpoint starts fresh and says so in the terminal", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const desk = await testDesk(t, repository);
  const run = await finishRun(desk, { ...train, policy: "eager" });
  assert.equal(run.state, "succeeded");
  const log = await repository.read(`.dvc/tmp/savepoint/runs/${run.id}/stage-1-1/log`);
  assert.match(log, /fresh run\nSavepoint: nothing is loaded: there is no checkpoint yet\n/);
});

test("none leaves to the code what it goes on from, also when it is tried again", async (t) => {
  const { repository, desk } = await extended(t, "    meta: {savepoint: {load_policy: none}}\n");
  await repository.write({ "fail-6": "" });
  const run = await finishRun(desk, { ...train, name: "calm-otter", retries: 1 });
  assert.deepEqual([run.state, run.stages[0]?.launches.map(({ from }) => from)], ["succeeded", [null, null]]);
  assert.equal(resumedStep(repository), null);
  const { checkpoints } = await experimentNamed(desk, "calm-otter");
  assert.deepEqual(
    checkpoints.map(({ step }) => step),
    [6, 7],
    "the model of the run before lay in the folder",
  );
});

test("each stage of a foreach loads its own checkpoints", async (t) => {
  const params = '{"epochs": 2, "rate": 0.5}\n';
  const repository = await committedProject(t, {
    ...trainingFiles,
    "dvc.yaml": `stages:
  train:
    foreach: [a, b]
    do:
      wdir: \${item}
      cmd: python3 ../train.py
      outs:
        - model.json: {checkpoint: true}
`,
    "a/params.json": params,
    "b/params.json": params,
  });
  const desk = await testDesk(t, repository);
  const loaded = async (stage: string) => {
    const run = await finishRun(desk, { verb: "run", stages: [stage], policy: "eager", force: true });
    assert.equal(run.state, "succeeded");
    return run.stages[0]?.launches[0]?.from ?? null;
  };
  assert.equal(await loaded("train@a"), null);
  assert.equal(await loaded("train@b"), null);
  assert.match((await loaded("train@a")) ?? "", /, step 2\/2 \(the latest checkpoint of train@a; /);
});
