import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { isTemporary, readPattern, setOf } from "../../src/engine/pipeline/watchPattern.ts";
import { SetFilter } from "../../src/engine/store/watchedSets.ts";
import { nothingObserved, observe, quietSets } from "../../src/engine/trigger/completion.ts";
import { describeSets } from "../../src/engine/trigger/describeSets.ts";
import { wholeness } from "../../src/engine/trigger/fileFormat.ts";
import type { FileSet } from "../../src/engine/trigger/scanSets.ts";
import { settleWatch } from "../../src/engine/trigger/watchRecord.ts";
import { checkpoint } from "../support/checkpoint.ts";

describe("patterns", () => {
  for (const [pattern, path, set] of [
    ["output/checkpoint-*/", "output/checkpoint-5/model/a.bin", "output/checkpoint-5"],
    ["output/checkpoint-*/", "output/checkpoint-5", null],
    ["output/checkpoint-*/", "output/tmp-checkpoint-5/a", null],
    ["output/*/", "output/tmp-checkpoint-5/a", null],
    ["output/*/", "output/.cache/a", null],
    ["output/.cache/", "output/.cache/a", "output/.cache"],
    ["output/*.ckpt", "output/last.ckpt", "output/last.ckpt"],
    ["output/*.ckpt", "output/last.ckpt.part", null],
    ["output/*.ckpt", "output/sub/last.ckpt", null],
    ["output/*.ckpt", "output/sharded.ckpt/0.pt", "output/sharded.ckpt"],
    ["output/**/*.pt", "output/a/b/c.pt", "output/a/b/c.pt"],
    ["output/**/*.pt", "output/c.pt", "output/c.pt"],
    ["output/**", "output/c.pt", "output/c.pt"],
    ["output/[0-9]*/", "output/12/x", "output/12"],
    ["output/[0-9]*/", "output/x/12", null],
    ["model.pt", "model.pt", "model.pt"],
  ] as const) {
    test(`${pattern} ${set === null ? "does not match" : "matches"} ${path}`, () => {
      const read = readPattern(pattern);
      assert.ok(read);
      assert.equal(setOf(read, path), set);
    });
  }

  test("temporary names are told from others", () => {
    for (const name of [
      "tmp-checkpoint-5",
      "tmp_x",
      "a.tmp",
      "m.ckpt.part",
      "7.orbax-checkpoint-tmp-3",
      "a~",
    ])
      assert.ok(isTemporary(name), name);
    for (const name of ["template", "temperature.csv", "checkpoint-5", "tmpl.json", "partial", ".metadata"])
      assert.ok(!isTemporary(name), name);
  });
});

describe("what names and states say", () => {
  for (const [name, step, metrics] of [
    ["checkpoint-500", 500, {}],
    ["epoch=3-step=1200.ckpt", 1200, {}],
    ["epoch=3-step=1200-v1.ckpt", 1200, {}],
    ["epoch=3-val_loss=0.25.ckpt", 3, { val_loss: 0.25 }],
    ["global_step500", 500, {}],
    ["model_epoch_7.pt", 7, {}],
    ["weights.07-0.52.keras", 7, {}],
    ["weights.07.weights.h5", 7, {}],
    ["12", 12, {}],
    ["ckpt_0040.pth", 40, {}],
    ["last.ckpt", null, {}],
    ["best_model.pt", null, {}],
    ["step=99999999999999999999.ckpt", null, {}],
  ] as const) {
    test(`${name} is at step ${step}`, () => {
      const found = describeSets([{ path: `output/${name}`, state: null }]);
      assert.deepEqual([found.step, found.metrics], [step, metrics]);
      assert.equal(found.name, name);
    });
  }

  test("a trainer's state counts more than its folder's name", () => {
    const state = JSON.stringify({
      global_step: 40,
      max_steps: 100,
      log_history: [
        { step: 30, loss: 2 },
        { step: 40, loss: 1.5, epoch: 1 },
        { step: 40, eval_f1: 0.5 },
      ],
    });
    const found = describeSets([{ path: "output/checkpoint-best", state }]);
    assert.deepEqual(found, {
      step: 40,
      total: 100,
      name: "checkpoint-best",
      metrics: { loss: 1.5, epoch: 1, eval_f1: 0.5 },
    });
  });

  test("half of a state, or another file of that name, says nothing", () => {
    for (const state of ['{"global_step": 4', "[1]", "", '{"log_history": 3}']) {
      assert.equal(describeSets([{ path: "output/checkpoint-4", state }]).step, 4);
    }
  });

  test("sets of one moment are described by the furthest", () => {
    const paths = ["o/last.ckpt", "o/step=100.ckpt", "o/step=200-loss=0.5.ckpt"];
    const found = describeSets(paths.map((path) => ({ path, state: null })));
    assert.deepEqual([found.step, found.name, found.metrics], [200, "step=200-loss=0.5.ckpt", { loss: 0.5 }]);
  });
});

describe("completion", () => {
  const set = (path: string, digest: string, files: readonly string[] = [path]): FileSet => ({
    ...{ path, digest },
    files: Object.fromEntries(files.map((file) => [file, "1.1.1.1"])),
  });
  const seen = (...looks: readonly (readonly FileSet[])[]) => {
    let observation = nothingObserved;
    let sets: ReadonlyMap<string, FileSet> = new Map();
    for (const [time, look] of looks.entries()) {
      sets = new Map(look.map((one) => [one.path, one]));
      observation = observe(observation, sets, time * 1_000);
    }
    return quietSets(observation, sets, (looks.length - 1) * 1_000, 2_000).map(({ path }) => path);
  };
  const marked = (path: string, digest: string) => set(path, digest, [`${path}/trainer_state.json`]);
  const unmarked = (path: string, digest: string) => set(path, digest, [`${path}/model.bin`]);

  test("a set is quiet when it was the same for long enough", () => {
    const one = set("a", "1");
    assert.deepEqual(seen([one], [one]), []);
    assert.deepEqual(seen([one], [one], [one]), ["a"]);
    assert.deepEqual(seen([one], [one], [set("a", "2")], [set("a", "2")]), []);
  });

  test("the final mark makes it complete as soon as two looks saw the same", () => {
    assert.deepEqual(seen([marked("a", "1")]), []);
    assert.deepEqual(seen([marked("a", "1")], [marked("a", "1")]), ["a"]);
    assert.deepEqual(seen([marked("a", "1")], [marked("a", "2")]), []);
  });

  test("where one folder has the mark, one without it is not complete however quiet", () => {
    const looks = [1, 2, 3, 4].map(() => [marked("a", "1"), unmarked("b", "1")]);
    assert.deepEqual(seen(...looks), ["a"]);
    assert.deepEqual(seen(...[1, 2, 3].map(() => [unmarked("b", "1")])), ["b"]);
  });
});

describe("what a listener that died has recorded", () => {
  const taking = { time: 5_000, seen: { a: "2" } };

  test("counts when its checkpoint is in the store", () => {
    const taken = checkpoint(5, { kind: "watch", createdAt: 5_000 });
    assert.deepEqual(settleWatch({ seen: { a: "1" }, taking }, [taken]), { seen: { a: "2" }, taking: null });
  });

  test("does not count when it is not", () => {
    const other = [checkpoint(5, { kind: "signal", createdAt: 5_000 }), checkpoint(4, { kind: "watch" })];
    assert.deepEqual(settleWatch({ seen: { a: "1" }, taking }, other), { seen: { a: "1" }, taking: null });
  });
});

describe("what a snapshot takes of code that goes on", () => {
  const files = { "o/c-1/a": "1.1.1.1", "o/c-1/b": "2.1.1.1" };
  const filter = (due: readonly string[]) =>
    new SetFilter({ patterns: ["o/c-*/"], complete: [{ path: "o/c-1", files }], due });

  test("complete sets and other files, nothing that is begun or temporary", () => {
    const isWanted = (path: string) => filter([]).isWanted(path);
    assert.ok(isWanted("o/c-1/a"));
    assert.ok(!isWanted("o/c-1/new"), "came after the set was complete");
    assert.ok(!isWanted("o/c-2/a"));
    assert.ok(isWanted("o/log.txt"));
    assert.ok(!isWanted("o/tmp-c-3/a"));
  });

  test("a set of which a file changed or went is torn", () => {
    assert.deepEqual(filter([]).torn(new Map(Object.entries(files))), []);
    assert.deepEqual(filter([]).torn(new Map([["o/c-1/a", "1.1.1.1"]])), ["o/c-1"]);
    assert.deepEqual(filter([]).torn(new Map([...Object.entries(files), ["o/c-1/b", "2.1.9.9"]])), ["o/c-1"]);
  });

  test("without what it is for there is none", () => {
    assert.ok(filter(["o/c-1"]).isPointless(["o/c-1"]));
    assert.ok(!filter(["o/c-1", "o/c-2"]).isPointless(["o/c-1"]));
    assert.ok(!filter([]).isPointless(["o/c-1"]));
  });
});

describe("formats tell when a file is cut short", () => {
  const header = Buffer.from(JSON.stringify({ a: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const safetensors = Buffer.concat([length, header, Buffer.alloc(8)]);
  const zip = Buffer.concat([
    Buffer.from("PK\x03\x04"),
    Buffer.alloc(100),
    Buffer.from("PK\x05\x06"),
    Buffer.alloc(18),
  ]);
  const hdf = Buffer.alloc(200);
  hdf.write("\x89HDF\r\n\x1a\n", "latin1");
  hdf[13] = 8;
  hdf.writeBigUInt64LE(200n, 40);

  for (const [name, bytes] of [
    ["model.safetensors", safetensors],
    ["model.pt", zip],
    ["model.weights.h5", hdf],
  ] as const) {
    test(`${name}`, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), "savepoint-format-"));
      t.after(() => rm(folder, { recursive: true }));
      const path = join(folder, name);
      await writeFile(path, bytes);
      assert.equal(await wholeness(path), "whole");
      for (const count of [bytes.length - 19, Math.floor(bytes.length / 2), 12]) {
        await writeFile(path, bytes.subarray(0, count));
        assert.equal(await wholeness(path), "cut", `${count} bytes`);
      }
      await writeFile(path, "something else");
      assert.notEqual(await wholeness(path), "whole");
    });
  }
});
