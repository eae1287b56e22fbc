import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { initProject } from "../../src/engine/initProject.ts";
import { openProject } from "../../src/engine/openProject.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { planRestore, restore } from "../../src/engine/store/restore.ts";
import { gitEnvironment } from "../../src/engine/system/git.ts";
import { until } from "../support/poll.ts";
import { type RecordingProject, recordingAt, recordingProject, request } from "../support/recording.ts";
import { type TemporaryProject, temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

const execute = promisify(execFile);

/** Records two checkpoints, restores the first, and checks the repository. */
async function recordAndRestore(project: RecordingProject): Promise<void> {
  const recorder = await project.open();
  for (const epoch of [1, 2]) {
    await project.train(epoch);
    const taken = await recorder.snapshot(request(project.stage, { step: epoch }));
    assert.ok(taken.ok, JSON.stringify(taken));
  }
  const drained = await recorder.drain();
  assert.ok(drained.ok, JSON.stringify(drained));
  recorder.dispose();
  assert.deepEqual(project.problems, []);
  const [first, second] = project.recorded;
  assert.ok(first && second);
  assert.equal(await project.git("rev-parse", project.ref), second.sha);
  assert.equal(await project.git("rev-parse", `${second.sha}~2`), project.baseline);
  const plan = await planRestore(project.project, first, "outputs", project.hasher);
  assert.ok(plan.ok, JSON.stringify(plan));
  const restored = await restore(plan.value);
  assert.ok(restored.ok, JSON.stringify(restored));
  assert.equal(await project.read("model.bin"), "model after epoch 1");
  assert.equal(await project.read("metrics.json"), '{"loss":1}');
}

/** The same project at another place on disk. */
function elsewhere(project: TemporaryProject, root: string): TemporaryProject {
  const git = async (...args: string[]) => {
    const { stdout } = await execute("git", args, { cwd: root, env: gitEnvironment() });
    return stdout.replace(/\n$/, "");
  };
  const { read, write, ...rest } = project;
  return {
    ...rest,
    root,
    git,
    path: (...segments) => join(root, ...segments),
    read: (path) => read(join("..", root.split("/").at(-1) ?? "", path)),
    write,
  };
}

async function neighbour(t: TestContext, project: TemporaryProject, name: string): Promise<string> {
  const path = `${project.root}-${name}`;
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

test("detached HEAD", async (t) => {
  const project = await recordingProject(t);
  await project.git("checkout", "--quiet", "--detach");
  await recordAndRestore(await recordingAt(t, project));
});

test("a linked work tree", async (t) => {
  const project = await recordingProject(t);
  const path = await neighbour(t, project, "linked");
  await project.git("worktree", "add", "--quiet", "-b", "side", path);
  await recordAndRestore(await recordingAt(t, elsewhere(project, path)));
});

test("a submodule", async (t) => {
  const inner = await recordingProject(t);
  const outer = await temporaryProject({ "readme.txt": "outer" });
  t.after(outer.dispose);
  await outer.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.root, "sub");
  await outer.commit("With a submodule");
  const sub = elsewhere(inner, outer.path("sub"));
  const project = await recordingAt(t, { ...sub, read: (path) => outer.read(`sub/${path}`) });
  await recordAndRestore(project);
});

test("a shallow clone", async (t) => {
  const project = await recordingProject(t);
  await project.commit("Another");
  const path = await neighbour(t, project, "shallow");
  await project.git("clone", "--quiet", "--depth=1", `file://${project.root}`, path);
  await recordAndRestore(await recordingAt(t, elsewhere(project, path)));
});

test("packed refs, and an experiment that is packed between two runs", async (t) => {
  const project = await recordingProject(t);
  await project.git("pack-refs", "--all", "--prune");
  await recordAndRestore(project);
  await project.git("pack-refs", "--all", "--prune");
  const last = project.recorded.at(-1);
  assert.ok(last);
  const recorder = await project.open({ parent: last.sha, sequence: last.sequence });
  await project.train(3);
  assert.ok((await recorder.snapshot(request(project.stage, { step: 3 }))).ok);
  assert.ok((await recorder.drain()).ok);
  assert.equal(project.recorded.at(-1)?.parent, last.sha);
  assert.equal(project.recorded.at(-1)?.experiment, "amber-heron");
});

test("a rebase under way, with a conflict in the index", async (t) => {
  const project = await recordingProject(t, { "text.txt": "base\n" });
  await project.git("checkout", "--quiet", "-b", "side");
  await project.write({ "text.txt": "side\n" });
  await project.commit("Side");
  await project.git("checkout", "--quiet", "main");
  await project.write({ "text.txt": "main\n" });
  await project.commit("Main");
  await assert.rejects(project.git("rebase", "side"));
  await recordAndRestore(await recordingAt(t, project));
});

/** The project in a new repository that `git init` makes with options; `null`, with the test skipped, where Git can't. */
async function recordingIn(t: TestContext, ...options: string[]): Promise<RecordingProject | null> {
  const folder = await temporaryFolder();
  t.after(folder.dispose);
  const template = await recordingProject(t);
  const project = elsewhere(template, folder.root);
  try {
    await project.git("init", "--quiet", ...options);
  } catch {
    t.skip(`this Git does not know ${options.join(" ")}`);
    return null;
  }
  await project.git("config", "user.name", "Ada");
  await project.git("config", "user.email", "ada@example.org");
  for (const name of ["dvc.yaml", "params.yaml", "train.py"]) {
    await folder.write({ [name]: await template.read(name) });
  }
  await initProject(folder.root);
  await project.git("add", "--all");
  await project.git("commit", "--quiet", "-m", "Start");
  return recordingAt(t, { ...project, read: folder.read, write: folder.write });
}

test("a repository with SHA-256 object ids", async (t) => {
  const project = await recordingIn(t, "--object-format=sha256");
  assert.equal(project?.project.objectFormat, "sha256");
  await recordAndRestore(project);
});

test("a repository whose refs are in reftables", async (t) => {
  const project = await recordingIn(t, "--ref-format=reftable");
  if (project === null) return;
  const index = new ExperimentIndex(project.project);
  await index.refresh();
  index.watch();
  await recordAndRestore(project);
  await until(() => index.experiments[0]?.checkpoints.length === 2, 10_000, "the watch to see the refs");
  index.dispose();
  assert.ok(await project.git("config", "extensions.refStorage"));
});

test("a project below the top of the repository", async (t) => {
  const template = await recordingProject(t);
  const outer = await temporaryProject({ "other/code.py": "1", "outside.txt": "1" });
  t.after(outer.dispose);
  for (const name of ["dvc.yaml", "params.yaml", "train.py"]) {
    await outer.write({ [`deep/inside/${name}`]: await template.read(name) });
  }
  await initProject(outer.path("deep/inside"));
  await outer.commit("Project");
  await outer.write({ "outside.txt": "2" });
  const inside = elsewhere(outer, outer.path("deep/inside"));
  const project = await recordingAt(t, { ...inside, read: (path) => outer.read(`deep/inside/${path}`) });
  assert.equal(project.project.prefix, "deep/inside/");
  await recordAndRestore(project);
  const tip = project.recorded.at(-1)?.sha;
  assert.equal(await outer.git("show", `${tip}:outside.txt`), "2");
  assert.match(await outer.git("show", `${tip}:deep/inside/dvc.lock`), /path: model\.bin/);
  assert.equal(await outer.git("show", `${tip}:deep/inside/.gitignore`), "/model.bin\n/weights");
});

test("line ends and filters: Git's own conversions are honoured for what was captured", async (t) => {
  const project = await recordingProject(t, {
    ".gitattributes": "metrics.json filter=upper\n*.txt text\n",
    "text.txt": "one\ntwo\n",
  });
  await project.git("config", "core.autocrlf", "true");
  await project.git("config", "filter.upper.clean", "tr a-z A-Z");
  await project.git("config", "filter.upper.smudge", "tr A-Z a-z");
  await project.write({ "text.txt": "one\r\nchanged\r\n" });
  await recordAndRestore(project);
  const tip = project.recorded.at(-1)?.sha;
  assert.equal(await project.git("show", `${tip}:metrics.json`), '{"LOSS":0.5}');
  assert.equal(await project.git("cat-file", "blob", `${tip}:text.txt`), "one\nchanged");
});

/** What a program such as Git LFS does: Git gets a line that names the content, which lies in a store of its own. */
const largeFiles = {
  clean: `sh -c 'f=$(mktemp); cat > "$f"; h=$(git hash-object "$f"); mv "$f" "$(git rev-parse --absolute-git-dir)/$h"; echo "large $h"'`,
  smudge: `sh -c 'read -r word h; cat "$(git rev-parse --absolute-git-dir)/$h"'`,
};

test("files that a filter keeps outside of Git are recorded and restored through it", async (t) => {
  const project = await recordingProject(t, {
    ".gitattributes": "metrics.json filter=large\n*.dat filter=large\n",
  });
  for (const [name, command] of Object.entries(largeFiles)) {
    await project.git("config", `filter.large.${name}`, command);
  }
  await project.git("config", "filter.large.required", "true");
  await project.write({ "extra.dat": "much" });
  await recordAndRestore(project);
  for (const path of ["metrics.json", "extra.dat"]) {
    const recorded = await project.git("cat-file", "blob", `${project.recorded.at(-1)?.sha}:${path}`);
    assert.match(recorded, /^large [0-9a-f]{40}$/);
  }
  assert.deepEqual(project.recorded.at(-1)?.metrics, { "metrics.json": { loss: 0.5 } });
});

test("a filter whose program is missing: its file stays as it was, the others are recorded, and it is said", async (t) => {
  const project = await recordingProject(t, { "a.py": "1", "large.dat": "1", "z.py": "1" });
  await project.write({ ".gitattributes": "*.dat filter=large\n" });
  await project.commit("With a filter");
  await project.git("config", "filter.large.clean", "/does/not/exist");
  await project.git("config", "filter.large.required", "true");
  const recording = await recordingAt(t, project);
  const recorder = await recording.open();
  await project.write({ "a.py": "two", "large.dat": "two", "new.dat": "new", "z.py": "two" });
  await project.train(1);
  assert.ok((await recorder.snapshot(request(recording.stage, { step: 1 }))).ok);
  const drained = await recorder.drain();
  assert.ok(drained.ok, JSON.stringify(drained));
  const [checkpoint] = recording.recorded;
  assert.equal(
    checkpoint?.warning,
    ["large.dat", "new.dat"]
      .map((path) => `${path} is not recorded as it is now: fatal: ${path}: clean filter 'large' failed`)
      .join("; "),
  );
  const show = (path: string) => project.git("show", `${checkpoint?.sha}:${path}`);
  assert.deepEqual(await Promise.all(["a.py", "large.dat", "z.py"].map(show)), ["two", "1", "two"]);
});

test("no name and address are known", async (t) => {
  const project = await recordingProject(t);
  await project.git("config", "--unset", "user.name");
  await project.git("config", "--unset", "user.email");
  await project.git("config", "user.useConfigOnly", "true");
  const { HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL } = process.env;
  t.after(() => Object.assign(process.env, { HOME, XDG_CONFIG_HOME, GIT_CONFIG_GLOBAL }));
  process.env.GIT_CONFIG_GLOBAL = "/dev/null";
  await recordAndRestore(project);
  const author = await project.git("log", "-1", "--format=%an <%ae>", project.ref);
  assert.equal(author, "Savepoint <savepoint@localhost>");
});

test("what cannot be opened is refused with the reason and what to do", async (t) => {
  const folder = await temporaryFolder({ "file.txt": "" });
  t.after(folder.dispose);
  const reasonOf = async (path: string) => {
    const opened = await openProject(path);
    assert.ok(!opened.ok);
    assert.doesNotMatch(opened.problem.message, /\n/);
    return opened.problem.reason;
  };
  assert.equal(await reasonOf(folder.path("nowhere")), "not-a-directory");
  assert.equal(await reasonOf(folder.path("file.txt")), "not-a-directory");
  assert.equal(await reasonOf(folder.root), "not-a-repository");
  await mkdir(folder.path("bare"));
  await execute("git", ["init", "--quiet", "--bare"], { cwd: folder.path("bare"), env: gitEnvironment() });
  assert.equal(await reasonOf(folder.path("bare")), "bare-repository");
  await mkdir(folder.path("unborn"));
  await execute("git", ["init", "--quiet"], { cwd: folder.path("unborn"), env: gitEnvironment() });
  assert.equal(await reasonOf(folder.path("unborn")), "no-commit");
});

test("the root is where .dvc is, else where dvc.yaml is, else the top", async (t) => {
  const project = await temporaryProject({ "a/b/c/x.txt": "", "a/dvc.yaml": "stages: {}\n" });
  t.after(project.dispose);
  const rootOf = async (...path: string[]) => {
    const opened = await openProject(project.path(...path));
    assert.ok(opened.ok);
    return opened.value.root;
  };
  assert.equal(await rootOf("a", "b", "c"), project.path("a"));
  assert.equal(await rootOf(), project.root);
  await initProject(project.root);
  assert.equal(await rootOf("a", "b", "c"), project.root);
  assert.deepEqual(await initProject(project.root), { ok: true, value: { created: [] } });
});
