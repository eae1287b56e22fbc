import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { annotate } from "../../src/engine/store/annotations.ts";
import { ExperimentIndex } from "../../src/engine/store/experimentIndex.ts";
import { experimentRef } from "../../src/engine/store/experimentRef.ts";
import {
  checkpointMessage,
  projectAt,
  type WrittenCommit,
  writeLines,
} from "../support/experimentHistory.ts";
import { temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

const start = Date.UTC(2026, 0, 2) / 1000;

/** Checkpoints of an experiment from one sequence to another, a minute apart. */
function checkpoints(experiment: string, from: number, to: number, at = start): WrittenCommit[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const sequence = from + index;
    const values = { metrics: { "metrics.json": { loss: 1 / sequence } }, params: {}, outs: [] };
    return {
      message: checkpointMessage({ experiment, sequence, values }),
      time: at + 60 * index,
      files: {
        "metrics.json": JSON.stringify({ loss: 1 / sequence }),
        "model.txt": `${experiment} ${sequence}`,
      },
    };
  });
}

async function repository(t: TestContext) {
  const project = await temporaryProject({ "code.txt": "code\n" });
  t.after(project.dispose);
  const baseline = await project.git("rev-parse", "HEAD");
  const index = new ExperimentIndex(projectAt(project.root));
  t.after(() => index.dispose());
  const named = (name: string) => {
    const found = index.experiments.find((experiment) => experiment.name === name);
    assert.ok(found, `${name} among ${index.experiments.map((one) => one.name).join(", ")}`);
    return found;
  };
  return { ...project, baseline, index, named, ref: (name: string) => experimentRef(baseline, name) };
}

test("an empty repository has no experiments, and saying so is a change", async (t) => {
  const { index } = await repository(t);
  const changes: unknown[] = [];
  index.onDidChange((change) => changes.push(change));
  assert.equal(index.isLoaded, false);
  await index.refresh();
  assert.equal(index.isLoaded, true);
  assert.deepEqual(index.experiments, []);
  assert.deepEqual(changes, [{ added: [], changed: [], removed: [] }]);
});

test("experiments are listed newest first with their checkpoints oldest first", async (t) => {
  const { root, baseline, index, named, ref } = await repository(t);
  await writeLines(root, [
    { ref: ref("calm-otter"), from: baseline, commits: checkpoints("calm-otter", 1, 3) },
    { ref: ref("amber-heron"), from: baseline, commits: checkpoints("amber-heron", 1, 2, start + 9000) },
  ]);
  await index.refresh();
  assert.deepEqual(
    index.experiments.map(({ name }) => name),
    ["amber-heron", "calm-otter"],
  );
  const otter = named("calm-otter");
  assert.equal(otter.baseline, baseline);
  assert.equal(otter.ref, ref("calm-otter"));
  assert.equal(otter.createdAt, start * 1000);
  assert.equal(otter.resumedFrom, null);
  assert.deepEqual(
    otter.checkpoints.map(({ sequence, step, kind }) => [sequence, step, kind]),
    [
      [1, 10, "signal"],
      [2, 20, "signal"],
      [3, 30, "signal"],
    ],
  );
  assert.equal(otter.checkpoints[0]?.parent, baseline);
  assert.equal(otter.checkpoints[2]?.parent, otter.checkpoints[1]?.sha);
  assert.deepEqual(otter.checkpoints[1]?.metrics, { "metrics.json": { loss: 0.5 } });
});

test("a fork shares the first checkpoints of its origin and goes on counting", async (t) => {
  const { root, baseline, index, named, ref, git } = await repository(t);
  await writeLines(root, [{ ref: ref("origin"), from: baseline, commits: checkpoints("origin", 1, 5) }]);
  const third = await git("rev-parse", `${ref("origin")}~2`);
  const resumedFrom = { experiment: "origin", sequence: 3, sha: third };
  const [first, ...rest] = checkpoints("fork", 4, 6, start + 9000);
  assert.ok(first);
  const message = checkpointMessage({ experiment: "fork", sequence: 4, resumedFrom });
  await writeLines(root, [{ ref: ref("fork"), from: third, commits: [{ ...first, message }, ...rest] }]);
  await index.refresh();
  const fork = named("fork");
  assert.deepEqual(fork.resumedFrom, resumedFrom);
  assert.deepEqual(
    fork.checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    fork.checkpoints.map(({ experiment }) => experiment),
    Array(6).fill("fork"),
  );
  assert.equal(fork.checkpoints[2]?.sha, third);
  assert.equal(fork.createdAt, (start + 9000) * 1000);
  assert.equal(named("origin").resumedFrom, null);
  assert.deepEqual(
    named("origin").checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3, 4, 5],
  );

  // When the origin is removed, the fork still knows where it came from.
  await git("update-ref", "-d", ref("origin"));
  await index.refresh();
  assert.deepEqual(named("fork").resumedFrom, resumedFrom);
  assert.equal(named("fork").createdAt, (start + 9000) * 1000);
});

test("after a rewind the experiment has the new line and the tail has the old one", async (t) => {
  const { root, baseline, index, named, ref, git } = await repository(t);
  await writeLines(root, [{ ref: ref("heron"), from: baseline, commits: checkpoints("heron", 1, 5) }]);
  await index.refresh();
  const changes: { added: number; changed: readonly string[] }[] = [];
  index.onDidChange(({ added, changed }) => changes.push({ added: added.length, changed }));
  const second = await git("rev-parse", `${ref("heron")}~3`);
  await git("update-ref", ref("heron-tail"), ref("heron"));
  await writeLines(root, [
    { ref: ref("heron"), from: second, commits: checkpoints("heron", 3, 3, start + 9000) },
  ]);
  await index.refresh();
  assert.deepEqual(
    named("heron").checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3],
  );
  assert.equal(named("heron").resumedFrom, null);
  assert.equal(named("heron-tail").checkpoints.length, 5);
  assert.deepEqual(named("heron-tail").resumedFrom, { experiment: "heron", sequence: 2, sha: second });
  assert.deepEqual(changes, [{ added: 6, changed: ["heron"] }]);
});

test("what DVC writes is listed: chains, forks without a word about them, and a merge that hides a chain", async (t) => {
  const { root, baseline, index, named, ref, git } = await repository(t);
  const foreign = (count: number, at: number): WrittenCommit[] =>
    Array.from({ length: count }, (_, number) => ({
      message: "dvc: commit experiment c0606970",
      time: at + number,
      files: { "params.yaml": `lr: ${at + number}\n` },
    }));
  await writeLines(root, [{ ref: ref("first"), from: baseline, commits: foreign(4, start) }]);
  const second = await git("rev-parse", `${ref("first")}~2`);
  await writeLines(root, [{ ref: ref("second"), from: second, commits: foreign(2, start + 500) }]);
  const tree = await git("rev-parse", `${ref("first")}^{tree}`);
  const merge = await git("commit-tree", tree, "-p", baseline, "-p", ref("first"), "-m", "one row");
  await git("update-ref", ref("merged"), merge);
  await index.refresh();
  assert.deepEqual(
    named("first").checkpoints.map(({ sequence, kind }) => `${sequence} ${kind}`),
    [...["1 foreign", "2 foreign", "3 foreign", "4 foreign"]],
  );
  assert.equal(named("first").resumedFrom, null);
  assert.deepEqual(named("second").resumedFrom, { experiment: "first", sequence: 2, sha: second });
  assert.deepEqual(
    named("second").checkpoints.map(({ sequence }) => sequence),
    [1, 2, 3, 4],
  );
  assert.deepEqual(
    named("merged").checkpoints.map(({ sha }) => sha),
    named("first").checkpoints.map(({ sha }) => sha),
  );
  assert.deepEqual(named("first").checkpoints[0]?.params, { "params.yaml": { lr: start } });
});

test("refs of odd shapes and damaged ones never keep the others from being listed", async (t) => {
  const { root, baseline, index, ref, git } = await repository(t);
  const orphan = `refs/exps/${"ab".repeat(1)}/${"cd".repeat(19)}/orphan`;
  await writeLines(root, [
    { ref: ref("good"), from: baseline, commits: checkpoints("good", 1, 2) },
    { ref: orphan, from: null, commits: checkpoints("orphan", 1, 2) },
  ]);
  for (const odd of [
    "stash",
    "exec/EXEC_BASELINE",
    "celery/stash",
    "a/b/c/d/e",
    "temp/x",
    `zz/${"0".repeat(38)}/n`,
  ]) {
    await git("update-ref", `refs/exps/${odd}`, baseline);
  }
  await git("symbolic-ref", "refs/exps/exec/EXEC_BRANCH", ref("good"));
  await git("update-ref", ref("at-baseline"), baseline);
  const blob = await git("hash-object", "-w", "code.txt");
  await git("update-ref", ref("a-blob"), blob);
  await git("tag", "-a", "annotated", "-m", "x");
  await git("update-ref", ref("a-tag"), await git("rev-parse", "annotated"));
  await (await import("node:fs/promises")).writeFile(`${root}/.git/${ref("gone")}`, `${"1".repeat(40)}\n`);
  await index.refresh();
  assert.deepEqual(index.experiments.map(({ name }) => name).sort(), ["good", "orphan"]);
  const orphaned = index.experiments.find(({ name }) => name === "orphan");
  assert.equal(orphaned?.checkpoints.length, 2);
});

test("a wrong baseline does not list the project's own history", async (t) => {
  const { root, index, git, commit } = await repository(t);
  for (let number = 0; number < 3; number += 1) await commit(`history ${number}`);
  const head = await git("rev-parse", "HEAD");
  const ref = experimentRef("f".repeat(40), "astray");
  await writeLines(root, [{ ref, from: head, commits: checkpoints("astray", 1, 2) }]);
  await index.refresh();
  assert.deepEqual(
    index.experiments[0]?.checkpoints.map(({ sequence }) => sequence),
    [1, 2],
  );
});

test("a shallow clone lists what it has; packed refs are read", async (t) => {
  const { root, baseline, ref, git } = await repository(t);
  await writeLines(root, [{ ref: ref("deep"), from: baseline, commits: checkpoints("deep", 1, 9) }]);
  await git("pack-refs", "--all");
  const clone = await temporaryFolder();
  t.after(clone.dispose);
  await git("clone", "--quiet", "--bare", "--depth=1", `file://${root}`, clone.path("shallow"));
  await git(
    "-C",
    clone.path("shallow"),
    "fetch",
    "--quiet",
    "--depth=3",
    "origin",
    `${ref("deep")}:${ref("deep")}`,
  );
  const shallow = { ...projectAt(clone.path("shallow")), commonDirectory: clone.path("shallow") };
  const index = new ExperimentIndex(shallow);
  t.after(() => index.dispose());
  await index.refresh();
  assert.deepEqual(
    index.experiments[0]?.checkpoints.map(({ sequence }) => sequence),
    [7, 8, 9],
  );
});

test("a SHA-256 repository is read, with its notes", async (t) => {
  const folder = await temporaryProject();
  t.after(folder.dispose);
  await folder.git("init", "--quiet", "--object-format=sha256", "wide");
  const root = folder.path("wide");
  const git = (...args: string[]) =>
    folder.git("-C", root, "-c", "user.name=A", "-c", "user.email=a@b", ...args);
  await git("commit", "--quiet", "--allow-empty", "-m", "first");
  const baseline = await git("rev-parse", "HEAD");
  assert.equal(baseline.length, 64);
  const commits = checkpoints("wide", 1, 3);
  await writeLines(root, [{ ref: experimentRef(baseline, "wide"), from: baseline, commits }]);
  const project = projectAt(root, "sha256");
  await annotate(project, await git("rev-parse", experimentRef(baseline, "wide")), { starred: true });
  const index = new ExperimentIndex(project);
  t.after(() => index.dispose());
  await index.refresh();
  assert.deepEqual(
    index.experiments[0]?.checkpoints.map(({ sequence, annotations }) => [sequence, annotations.starred]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
  const tip = index.experiments[0]?.checkpoints.at(-1)?.sha ?? "";
  assert.equal((await index.fileAt(tip, "model.txt"))?.toString(), "wide 3");
});

test("sequences that do not grow are counted on, so that each names one checkpoint", async (t) => {
  const { root, baseline, index, named, ref } = await repository(t);
  const commits = [1, 1, 7, 3].map((sequence, number) => ({
    message: checkpointMessage({ experiment: "odd", sequence }),
    time: start + number,
  }));
  await writeLines(root, [{ ref: ref("odd"), from: baseline, commits }]);
  await index.refresh();
  assert.deepEqual(
    named("odd").checkpoints.map(({ sequence }) => sequence),
    [1, 2, 7, 8],
  );
});

test("what did not change is the same object after a refresh; nothing is told when nothing changed", async (t) => {
  const { root, baseline, index, named, ref } = await repository(t);
  await writeLines(root, [
    { ref: ref("one"), from: baseline, commits: checkpoints("one", 1, 2) },
    { ref: ref("two"), from: baseline, commits: checkpoints("two", 1, 2) },
  ]);
  await index.refresh();
  const [one, two] = [named("one"), named("two")];
  const changes: unknown[] = [];
  index.onDidChange((change) => changes.push(change));
  await index.refresh();
  assert.equal(changes.length, 0);
  await writeLines(root, [
    {
      ref: ref("two"),
      from: two.checkpoints.at(-1)?.sha ?? "",
      commits: checkpoints("two", 3, 3, start + 600),
    },
  ]);
  await index.refresh();
  assert.equal(named("one"), one);
  assert.equal(named("two").checkpoints[0], two.checkpoints[0]);
  assert.deepEqual(changes, [{ added: [named("two").checkpoints[2]], changed: [], removed: [] }]);
});
