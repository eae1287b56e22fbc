import assert from "node:assert/strict";
import { test } from "node:test";
import { testCommandLine } from "../support/badInput.ts";
import { committedProject, trainingFiles } from "../support/runs.ts";
import { VirtualEnvironment } from "../support/virtualEnvironment.ts";

const cli = testCommandLine();

/** Training that goes wrong when it is resumed: what it measures jumps, as with a state that was lost. */
const measure = `json.dump({"loss": 2 / epoch + (1 if os.environ.get("SAVEPOINT_RESUMED_STEP") else 0)}, file)`;
const files = {
  ...trainingFiles,
  ".gitignore": `${trainingFiles[".gitignore"]}/.venv\n`,
  "dvc.yaml": String(trainingFiles["dvc.yaml"]).replaceAll("python3 train.py", ".venv/bin/python train.py"),
  "train.py": String(trainingFiles["train.py"]).replace(`json.dump({"loss": 1 / epoch}, file)`, measure),
};

test("says what changed since a checkpoint before it goes on, and how training went on after it", async (t) => {
  const repository = await committedProject(t, files);
  const { root } = repository;
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0" });
  await cli().savepoint(root, "run", "train", "--name", "amber-heron", "--set", "params.json:epochs=8");
  const shown = await cli().savepoint(root, "show", "amber-heron");
  assert.match(shown, /^environment +Python \d+\.\d+\.\d+, 1 package$/m);
  assert.doesNotMatch(shown, /^(drift|seam)/m);

  await venv.install("tiny", "2.0");
  await repository.write({
    "train.py": `${files["train.py"]}# more\n`,
    "params.json": '{"epochs": 10, "rate": 1}\n',
  });
  assert.match(await cli().savepoint(root, "show", "amber-heron@3"), /^drift +tiny 1\.0 → 2\.0$/m);
  const resumed = await cli().attempt(root, ["resume", "amber-heron"]);
  assert.equal(resumed.code, 0, resumed.stderr);
  const told = "savepoint: since amber-heron@8: params.json, train.py changed; tiny 1.0 → 2.0.";
  assert.ok(resumed.stderr.startsWith(told), resumed.stderr);
  assert.match(await cli().savepoint(root, "show", "amber-heron"), /^seam +loss jumped by \d+ %$/m);

  const json = JSON.parse(await cli().savepoint(root, "show", "amber-heron@9", "--json"));
  assert.equal(json.environment.packages.tiny, "2.0");
  assert.deepEqual(json.drift, []);
  assert.deepEqual(
    json.seam.map(({ key, verdict }: { key: string; verdict: string }) => [key, verdict]),
    [["loss", "worse"]],
  );
});

test("says nothing where nothing changed, and that a shared checkpoint becomes a fork", async (t) => {
  const repository = await committedProject(t, trainingFiles);
  const { root } = repository;
  await cli().savepoint(root, "run", "train", "--name", "amber-heron", "--set", "params.json:epochs=2");
  const [ref = ""] = (await repository.git("for-each-ref", "--format=%(refname)", "refs/exps")).split("\n");
  await repository.git("update-ref", ref.replace("amber-heron", "calm-otter"), ref);
  await repository.write({ "params.json": '{"epochs": 2, "rate": 0.5}\n' });
  const { stderr, code } = await cli().attempt(root, [
    "resume",
    "amber-heron",
    "--set",
    "params.json:epochs=3",
  ]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /since/);
  assert.match(stderr, /other experiments end at that checkpoint too, so this is a fork of it: \S+\./);
  const list = await cli().list(root);
  const tip = async (name: string) =>
    (await repository.git("rev-parse", ref.replace("amber-heron", name))).trim();
  assert.equal(await tip("amber-heron"), await tip("calm-otter"));
  assert.equal(list.length, 3);
});

test("with the checkpoint's own code only the environment is told", async (t) => {
  const repository = await committedProject(t, files);
  const { root } = repository;
  const venv = await VirtualEnvironment.make(repository.path(".venv"), { tiny: "1.0" });
  await cli().savepoint(root, "run", "train", "--name", "amber-heron", "--set", "params.json:epochs=2");
  await repository.write({ "train.py": `${files["train.py"]}# more\n` });
  await venv.install("tiny", "2.0");
  const { stderr, code } = await cli().attempt(root, ["fork", "amber-heron@1", "--code", "checkpoint"]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^savepoint: since amber-heron@1: tiny 1\.0 → 2\.0\.$/m);
  const [fork] = await cli().list(root);
  const shown = JSON.parse(await cli().savepoint(root, "show", `${fork?.name}@2`, "--json"));
  assert.equal(shown.environment?.packages.tiny, "2.0", "an isolated run has the project's environment");
});
