import assert from "node:assert/strict";
import { test } from "node:test";
import { needsPreview, offeredVerbs, type ResumeFacts } from "../../src/editor/resume/resumeFacts.ts";
import { resumeItems, resumeQuestion, resumeTitle } from "../../src/editor/resume/resumeItems.ts";

const last: ResumeFacts = {
  asked: "resume",
  way: "as-is",
  experiment: "amber-heron",
  place: "epoch 12",
  after: 0,
  isOwn: true,
  isShared: false,
  isRunning: false,
  busyWith: null,
  changes: [],
  drift: [],
};
const changes = ["params.yaml", "train.py", "src/a.py", "src/b.py"].map(
  (path) => ({ path, change: "changed" }) as const,
);
const drift = [{ name: "numpy", before: "1.26.4", after: "2.1.0" }];
const older = { ...last, after: 3, place: "epoch 6" };

const words = (facts: ResumeFacts) =>
  resumeItems(facts).map(({ label, description, detail, answer }) =>
    answer === null
      ? `— ${label}`
      : [label.replace(/^\$\([\w-]+\) /, ""), description, detail]
          .filter((part) => part !== undefined)
          .join(" | "),
  );

test("resume goes on only from the last checkpoint, and a shared or running one is forked", () => {
  assert.deepEqual(offeredVerbs(last), ["resume"]);
  assert.deepEqual(offeredVerbs(older), ["fork", "rewind"]);
  assert.deepEqual(offeredVerbs({ ...older, isOwn: false }), ["fork"]);
  assert.deepEqual(offeredVerbs({ ...last, isShared: true }), ["fork"]);
  assert.deepEqual(offeredVerbs({ ...last, isRunning: true }), ["fork"]);
  assert.deepEqual(offeredVerbs({ ...older, isRunning: true }), ["fork"]);
});

test("fork and rewind are what was asked for; what runs is not rewound", () => {
  assert.deepEqual(offeredVerbs({ ...older, asked: "fork", isRunning: true }), ["fork"]);
  assert.deepEqual(offeredVerbs({ ...older, asked: "rewind" }), ["rewind"]);
  assert.deepEqual(offeredVerbs({ ...older, asked: "rewind", isRunning: true }), []);
});

test("the preview comes when something changed, as the setting says", () => {
  assert.equal(needsPreview(last, "whenChanged"), false);
  assert.equal(needsPreview(last, "always"), true);
  for (const changed of [
    { ...last, changes },
    { ...last, drift },
  ]) {
    assert.equal(needsPreview(changed, "whenChanged"), true);
    assert.equal(needsPreview(changed, "never"), false);
  }
  assert.equal(needsPreview({ ...older, asked: "fork" }, "whenChanged"), false);
  assert.equal(needsPreview({ ...older, asked: "rewind" }, "whenChanged"), true);
});

test("the preview comes whatever the setting says when something else than the button said would happen", () => {
  for (const facts of [
    older,
    { ...last, isShared: true },
    { ...last, isRunning: true },
    { ...last, busyWith: "calm-otter" },
  ]) {
    assert.equal(needsPreview(facts, "never"), true);
  }
});

test("changing parameters asks by itself", () => {
  const facts: ResumeFacts = { ...last, way: "changed-params", changes, drift };
  assert.equal(needsPreview(facts, "always"), false);
  assert.equal(needsPreview({ ...facts, after: 3 }, "never"), true);
  assert.deepEqual(
    resumeItems({ ...facts, after: 3 }).map(({ answer }) => answer),
    [
      { kind: "params", verb: "fork" },
      { kind: "params", verb: "rewind" },
    ],
  );
});

test("says what would be resumed from the last checkpoint", () => {
  const facts = { ...last, changes, drift };
  assert.equal(resumeTitle(facts), "Resume amber-heron from epoch 12");
  assert.equal(
    resumeQuestion(facts),
    "Changed since then: params.yaml, train.py and 2 more; numpy 1.26.4 → 2.1.0",
  );
  assert.deepEqual(words(facts), [
    "— With the current code and parameters",
    "Resume | amber-heron goes on from epoch 12",
    "Fork | a new experiment from epoch 12 | amber-heron stays as it is",
    "— With the checkpoint's own code and parameters",
    "Resume | amber-heron goes on from epoch 12 | Isolated: the workspace stays as it is",
    "Fork | a new experiment from epoch 12 | Isolated: the workspace stays as it is",
    "— Change or look first",
    "Change Parameters… | one value, or several to be tried",
    "Show Changes | params.yaml, train.py, src/a.py, src/b.py | $(package) numpy 1.26.4 → 2.1.0",
  ]);
});

test("says what fork and rewind mean for an older checkpoint, and nothing of changes where there are none", () => {
  assert.equal(resumeTitle(older), "Resume amber-heron from epoch 6");
  assert.deepEqual(words(older), [
    "Fork | a new experiment from epoch 6 | amber-heron stays as it is",
    "Rewind | amber-heron goes on from epoch 6 | The 3 checkpoints after it are kept as an experiment of their own",
    "— Change or look first",
    "Change Parameters… | one value, or several to be tried",
  ]);
});

test("with the checkpoint's own code nothing of the current code is mentioned", () => {
  const facts: ResumeFacts = { ...last, asked: "fork", way: "own-code", drift };
  assert.deepEqual(
    resumeItems(facts).map(({ answer }) => answer),
    [{ kind: "start", verb: "fork", code: "checkpoint", place: "isolated" }],
  );
  assert.deepEqual(words(facts), [
    "Fork | a new experiment from epoch 12 | amber-heron stays as it is · Isolated: the workspace stays as it is",
  ]);
  assert.equal(resumeQuestion(facts), "Changed since then: numpy 1.26.4 → 2.1.0");
});

test("while the workspace is busy a run goes to a folder of its own, and says so", () => {
  const [first] = resumeItems({ ...last, busyWith: "calm-otter" });
  assert.equal(first?.detail, "Isolated, as calm-otter runs in the workspace");
  assert.deepEqual(first?.answer, { kind: "start", verb: "resume", code: "workspace", place: "isolated" });
});
