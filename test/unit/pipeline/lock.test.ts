import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type LockEntry,
  type LockItem,
  parseLock,
  writeLockEntry,
} from "../../../src/engine/pipeline/lock.ts";
import { parsePipelineFile } from "../../../src/engine/pipeline/parse.ts";
import type { Stage } from "../../../src/engine/pipeline/stage.ts";

function stage(name = "train", extra = ""): Stage {
  const text = `stages:\n  ${JSON.stringify(name)}:\n    cmd: run\n    deps: [b, ./a]\n    outs: [o]\n${extra}`;
  const [only] = parsePipelineFile({ text, file: "dvc.yaml", root: "/p", read: () => null }).stages;
  assert.ok(only);
  return only;
}

function item(path: string, changes: Partial<LockItem> = {}): LockItem {
  return {
    path,
    hash: "0123456789abcdef0123456789abcdef",
    legacy: false,
    size: 3,
    fileCount: null,
    isExecutable: false,
    ...changes,
  };
}

const entry: LockEntry = {
  command: "run",
  dependencies: [item("b"), item("a", { isExecutable: true })],
  params: { "other.yaml": { k: [1, { x: null }] }, "params.yaml": { "train.lr": 0.5, "a.b": "yes" } },
  outputs: [item("o", { hash: "1234567890123456789012345678e012", fileCount: 2 })],
};

const written = `schema: '2.0'
stages:
  train:
    cmd: run
    deps:
    - path: ./a
      hash: md5
      md5: 0123456789abcdef0123456789abcdef
      size: 3
      isexec: true
    - path: b
      hash: md5
      md5: 0123456789abcdef0123456789abcdef
      size: 3
    params:
      params.yaml:
        a.b: 'yes'
        train.lr: 0.5
      other.yaml:
        k:
        - 1
        - x:
    outs:
    - path: o
      hash: md5
      md5: '1234567890123456789012345678e012'
      size: 3
      nfiles: 2
`;

describe("a lock file", () => {
  test("begins with its first entry, in DVC's order and layout", () => {
    assert.equal(writeLockEntry(null, stage(), entry), written);
    assert.equal(writeLockEntry("", stage(), entry), written);
  });

  test("is read as it was written", () => {
    const lock = parseLock(written, "dvc.lock");
    assert.ok(lock.ok);
    const { exactParams: _, ...plain } = lock.value.entries.get("train") ?? {};
    assert.deepEqual(plain, { ...entry, dependencies: entry.dependencies.toReversed() });
  });

  test("keeps every other entry byte for byte", () => {
    const others =
      "schema: '2.0'\nstages:\n  # mine\n  before:\n    cmd:   odd   # layout\n    deps: [{path: x, md5: 12}]\n\n  train:\n    cmd: old\n    outs: []\n  'after it':\n    cmd: |\n      x\n      y\n\ndatasets: [1]\n";
    const once = writeLockEntry(others, stage(), entry);
    const body = written.slice(written.indexOf("  train:"));
    assert.equal(once, others.replace("  train:\n    cmd: old\n    outs: []\n", body));
    assert.equal(writeLockEntry(once, stage(), entry), once);
    const added = writeLockEntry(others, stage("new"), {
      ...entry,
      dependencies: [],
      params: {},
      outputs: [],
    });
    assert.equal(added, others.replace("\ndatasets", "  new:\n    cmd: run\n\ndatasets"));
  });

  test("in braces is written anew with all that it held", () => {
    const text = writeLockEntry(
      '{"schema": "2.0", "stages": {"old": {"cmd": "x"}}, "datasets": []}',
      stage(),
      entry,
    );
    const lock = parseLock(text, "dvc.lock");
    assert.ok(lock.ok);
    assert.deepEqual([...lock.value.entries.keys()], ["old", "train"]);
    assert.match(text, /^datasets: \[\]$/m);
  });

  test("with anchors keeps what they stand for", () => {
    const shared = "schema: '2.0'\nstages:\n  train:\n    cmd: &c x\n  other:\n    cmd: *c\n";
    const lock = parseLock(writeLockEntry(shared, stage(), entry), "dvc.lock");
    assert.ok(lock.ok);
    assert.equal(lock.value.entries.get("other")?.command, "x");
  });

  test("that nobody can read is replaced", () => {
    assert.equal(writeLockEntry("<<<<<<< ours\n[", stage(), entry), written);
  });

  test("has DVC 2's form where the hash is of that kind", () => {
    const text = writeLockEntry(null, stage(), { ...entry, outputs: [item("o", { legacy: true })] });
    assert.match(text, /outs:\n {4}- path: o\n {6}md5: 0123/);
    const lock = parseLock(text, "dvc.lock");
    assert.equal(lock.ok && lock.value.entries.get("train")?.outputs[0]?.legacy, true);
  });

  test("has paths from each stage's working directory", () => {
    const text =
      "stages:\n  a:\n    cmd: run\n    wdir: sub\n    deps: [../x, s3://bucket/y]\n    outs: [z]\n";
    const [only] = parsePipelineFile({ text, file: "dvc.yaml", root: "/p", read: () => null }).stages;
    assert.ok(only);
    const lockText = writeLockEntry(null, only, {
      command: "run",
      dependencies: [item("x"), item("s3://bucket/y")],
      params: {},
      outputs: [item("sub/z")],
    });
    assert.match(lockText, /- path: \.\.\/x\n[\s\S]*- path: s3:\/\/bucket\/y\n[\s\S]*- path: z\n/);
    const lock = parseLock(lockText, "dvc.lock", new Map([["a", "sub"]]));
    assert.ok(lock.ok);
    assert.deepEqual(
      lock.value.entries.get("a")?.dependencies.map(({ path }) => path),
      ["x", "s3://bucket/y"],
    );
    assert.equal(lock.value.entries.get("a")?.outputs[0]?.path, "sub/z");
  });

  test("has paths outside the project, and each way in which one is written", () => {
    const text =
      "stages:\n  a:\n    cmd: run\n    wdir: sub\n    deps: [../../up, /abs, ./x, x]\n    params: [p, ./params.yaml: [q]]\n";
    const [only] = parsePipelineFile({ text, file: "dvc.yaml", root: "/p", read: () => null }).stages;
    assert.ok(only);
    assert.deepEqual(only.params, [{ file: "sub/params.yaml", keys: ["p", "q"] }]);
    const lockText = writeLockEntry(null, only, {
      command: "run",
      dependencies: only.dependencies.map((path) => item(path)),
      params: { "sub/params.yaml": { p: 1, q: 2 } },
      outputs: [],
    });
    assert.deepEqual(
      [...lockText.matchAll(/path: (.*)\n/g)].map(([, path]) => path),
      ["../../up", "./x", "/abs", "x"],
    );
    assert.match(lockText, /\n {6}params\.yaml:\n[\s\S]*\n {6}\.\/params\.yaml:\n/);
    const lock = parseLock(lockText, "dvc.lock", new Map([["a", "sub"]]));
    assert.ok(lock.ok);
    const paths = lock.value.entries.get("a")?.dependencies.map(({ path }) => path);
    assert.deepEqual(paths, ["../up", "sub/x", "/abs", "sub/x"]);
    assert.deepEqual(lock.value.entries.get("a")?.params, { "sub/params.yaml": { p: 1, q: 2 } });
  });

  test("quotes what a reader could take for something else", () => {
    const odd = (hash: string) => writeLockEntry(null, stage(), { ...entry, outputs: [item("o", { hash })] });
    assert.match(odd("12345678901234567890123456789012"), /md5: '12345678901234567890123456789012'/);
    assert.match(odd("1234567890123456789012e5"), /md5: '1234567890123456789012e5'/);
    assert.match(odd("00000000000000000000000000000000.dir"), /md5: 00000000000000000000000000000000\.dir/);
  });

  test("that is wrong says where and what to do", () => {
    const message = (text: string) => {
      const lock = parseLock(text, "sub/dvc.lock");
      return lock.ok ? null : lock.problem.message;
    };
    assert.match(
      message("schema: 2.0\nstages: {}\n") ?? "",
      /^sub\/dvc\.lock, line 1: The schema must be '2\.0' in quotes; /,
    );
    assert.match(
      message("schema: '2.0'\nstages:\n<<<<<<< ours\n  a: {cmd: x}\n=======\n>>>>>>> theirs\n") ?? "",
      /conflict marks/,
    );
    assert.match(message("- a\n") ?? "", /not a lock file/);
    assert.equal(message(""), null);
  });
});
