import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CaptureMemory, capture } from "../../src/engine/store/capture.ts";
import { capturedItems } from "../../src/engine/store/capturedItems.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import { recordingDirectory } from "../../src/engine/system/layout.ts";
import { snapshotOfFolder } from "../support/folderSnapshot.ts";
import { recordingProject, request } from "../support/recording.ts";

const oddNames = [
  "with space.bin",
  "with 'quotes' and \"more\".bin",
  "new\nline.bin",
  "tab\there.bin",
  "back\\slash.bin",
  "*star?[x].bin",
  "-dash.bin",
  "naïve-éß.bin",
  "\uffee-before.bin",
  "\u{1d800}-astral.bin",
  ".hidden",
  "deep/er/est/file.bin",
];

test("names of all kinds, nested folders and executables survive recording and restoring", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  for (const name of oddNames) await project.write({ [`weights/${name}`]: `content of ${name}` });
  await chmod(project.path("model.bin"), 0o755);
  await mkdir(project.path("weights/empty folder"));
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  assert.equal(checkpoint.warning, null);
  assert.equal(checkpoint.outs.find(({ path }) => path === "weights")?.fileCount, oddNames.length + 2);
  assert.equal(checkpoint.outs.find(({ path }) => path === "model.bin")?.isExecutable, true);

  const before = await snapshotOfFolder(project.root);
  await rm(project.path("weights"), { recursive: true });
  await rm(project.path("model.bin"));
  const plan = await planRestore(project.project, checkpoint, "outputs", project.hasher);
  assert.ok(plan.ok);
  assert.ok((await restore(plan.value)).ok);
  assert.deepEqual(await snapshotOfFolder(project.root), before);
});

test("the names of outputs in Git may be odd as well", async (t) => {
  const name = "odd 'name' \"é\u{1d800}.json";
  const project = await recordingProject(t, {
    "dvc.yaml": [
      "stages:",
      "  train:",
      "    cmd: python3 train.py",
      "    outs:",
      "    - 'model [1].bin'",
      "    metrics:",
      `    - ${JSON.stringify(name)}: {cache: false}`,
      "",
    ].join("\n"),
  });
  await project.write({ [name]: '{"a": 1}', "model [1].bin": "model" });
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  const sha = project.recorded[0]?.sha;
  assert.equal(await project.git("show", `${sha}:${name}`), '{"a": 1}');
  assert.equal(await project.git("show", `${sha}:.gitignore`), "/model \\[1\\].bin");
  const listed = await project.git("ls-tree", "-r", "-z", "--name-only", `${sha}`);
  assert.ok(!listed.includes("model [1].bin"), "a cached output is never in the tree");
});

test("links in outputs: files behind links are recorded, the rest is named; restoring never writes through one", async (t) => {
  const project = await recordingProject(t, { "base.bin": "the base" });
  await project.train(1);
  await symlink("../base.bin", project.path("weights/link.bin"));
  await symlink("nowhere", project.path("weights/broken"));
  await symlink("deep", project.path("weights/latest"));
  if (process.platform !== "win32") execFileSync("mkfifo", [project.path("weights/pipe")]);
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  const warning = checkpoint.warning ?? "";
  assert.match(warning, /weights\/broken is not recorded: a link to nothing/);
  assert.match(warning, /weights\/latest is not recorded: a link to a folder/);
  assert.match(warning, /weights\/pipe is not recorded: not a regular file/);

  await project.write({ "base.bin": "changed since" });
  const plan = await planRestore(project.project, checkpoint, "outputs", project.hasher);
  assert.ok(plan.ok);
  assert.ok((await restore(plan.value)).ok);
  assert.equal(await project.read("weights/link.bin"), "the base");
  assert.equal(await project.read("base.bin"), "changed since", "what a link pointed to stays");

  await rm(project.path("weights/deep"), { recursive: true });
  await mkdir(project.path("elsewhere"));
  await symlink("../elsewhere", project.path("weights/deep"));
  const behind = await planRestore(project.project, checkpoint, "outputs", project.hasher);
  assert.ok(behind.ok);
  const refused = await restore(behind.value);
  assert.ok(!refused.ok);
  assert.match(
    refused.problem.message,
    /weights\/deep is in the way \(a link, and nothing is written behind one\)/,
  );
  assert.deepEqual(await readdir(project.path("elsewhere")), []);
});

test("an output that is a link to a folder on another disk is recorded and restored there", async (t) => {
  const project = await recordingProject(t);
  const far = `${project.root}-far`;
  t.after(() => rm(far, { recursive: true, force: true }));
  await mkdir(far);
  await symlink(far, project.path("weights"));
  await project.train(1);
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage))).ok);
  assert.ok((await recorder.drain()).ok);
  const [checkpoint] = project.recorded;
  assert.ok(checkpoint);
  await writeFile(join(far, "first.bin"), "changed");
  const plan = await planRestore(project.project, checkpoint, "outputs", project.hasher);
  assert.ok(plan.ok);
  assert.ok((await restore(plan.value)).ok);
  assert.equal(await readFile(join(far, "first.bin"), "utf8"), "first 1");
});

test("missing outputs, an empty directory, and a file that becomes a directory", async (t) => {
  const project = await recordingProject(t);
  await mkdir(project.path("weights"));
  const recorder = await project.open();
  assert.ok((await recorder.snapshot(request(project.stage, { step: 1 }))).ok);
  await rm(project.path("weights"), { recursive: true });
  await project.write({ weights: "a file now", "model.bin/part.bin": "a folder now" });
  assert.ok((await recorder.snapshot(request(project.stage, { step: 2 }))).ok);
  assert.ok((await recorder.drain()).ok);
  const [first, second] = project.recorded;
  assert.ok(first && second);
  assert.deepEqual(
    first.outs.map(({ path, hash }) => [path, hash]),
    [["weights", "d751713988987e9331980363e24189ce.dir"]],
  );
  const apply = async (checkpoint: typeof first) => {
    const plan = await planRestore(project.project, checkpoint, "outputs", project.hasher);
    assert.ok(plan.ok);
    const restored = await restore(plan.value);
    assert.ok(restored.ok, JSON.stringify(restored));
  };
  await project.write({ "model.bin/part.bin": "other" });
  await apply(second);
  assert.equal(await project.read("model.bin/part.bin"), "a folder now");
  await rm(project.path("weights"));
  await apply(first);
  assert.ok((await stat(project.path("weights"))).isDirectory());
});

test("what did not change is not copied again; what was written in the same moment is", async (t) => {
  const project = await recordingProject(t);
  await project.train(1);
  const { root, prefix } = project.project;
  const directory = recordingDirectory(project.project, "run-1");
  await mkdir(directory, { recursive: true });
  const memory = new CaptureMemory();
  const take = (sequence: number) => {
    const items = capturedItems(project.stage).filter(({ role }) => role === "output");
    return capture(
      { root, prefix, directory, sequence, request: request(project.stage), items, sets: null },
      memory,
    );
  };
  assert.equal(take(1).copiedFiles, 4);
  await new Promise((resolve) => setTimeout(resolve, 50));
  // The first capture came right after the files were written, so their time stamps prove nothing yet.
  take(2);
  assert.equal(take(3).copiedFiles, 0, "old enough to be trusted");
  await writeFile(project.path("model.bin"), "model after epoch 2");
  assert.equal(take(4).copiedFiles, 1, "same size, other content");
});
