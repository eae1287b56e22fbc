import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Value } from "../../src/engine/model.ts";
import { isOutputPath, parseDirectoryObject } from "../../src/engine/store/directoryObject.ts";
import { type CheckpointMessage, formatMessage, parseMessage } from "../../src/engine/store/message.ts";

const sha = "0123456789abcdef0123456789abcdef01234567";

const plain: CheckpointMessage = {
  experiment: "amber-heron",
  sequence: 12,
  project: "deep/inside/",
  kind: "signal",
  run: "20260102-101500-a1b2",
  stage: "train",
  step: 200,
  total: 1000,
  name: "epoch-5",
  createdAt: Date.UTC(2026, 0, 2, 10, 15, 0, 123),
  resumedFrom: { experiment: "calm-otter", sequence: 3, sha },
  metadata: { seed: 7 },
  warning: null,
  values: {
    metrics: { "metrics.json": { accuracy: 0.91 } },
    params: { "params.yaml": { train: { lr: 0.1 } } },
    outs: [
      {
        path: "model.json",
        hash: "d41d8cd98f00b204e9800998ecf8427e",
        size: 0,
        fileCount: null,
        isExecutable: false,
        cached: true,
        legacy: false,
      },
    ],
  },
};

test("a message is readable and has the documented trailers", () => {
  const text = formatMessage(plain);
  assert.equal(text.split("\n")[0], "savepoint: amber-heron@12 train step 200");
  assert.match(text, /\n\nSavepoint-Version: 1\n/);
  assert.match(text, /\nSavepoint-Step: 200\n/);
  assert.match(text, new RegExp(`\nSavepoint-Resumed-From: calm-otter@3 ${sha}\n`));
  assert.match(text, /\nSavepoint-Values: \{.*\}\n$/);
  assert.deepEqual(parseMessage(text), plain);
});

const text = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.string({ minLength: 1 }),
  fc.constantFrom("a\nSavepoint-Step: 9", '"x', " x ", "\n\n", "\u2028", "\ud800", "x\0y"),
);
const value = fc.jsonValue({ depthSize: "small" }) as fc.Arbitrary<Value>;
const record = fc.dictionary(text, value) as fc.Arbitrary<{ [key: string]: Value }>;
const count = fc.option(fc.integer({ min: 0 }));
const message: fc.Arbitrary<CheckpointMessage> = fc.record({
  experiment: text,
  sequence: fc.integer({ min: 1 }),
  project: fc.constantFrom("", "deep/inside/", ' odd "x"\n/'),
  kind: fc.constantFrom("signal", "stage-end", "watch", "manual", "interval"),
  run: fc.option(text),
  stage: fc.option(text),
  step: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  total: count,
  name: fc.option(text),
  createdAt: fc.option(fc.integer({ min: 0, max: 4e12 })),
  resumedFrom: fc.option(
    fc.record({ experiment: text, sequence: fc.nat(), sha: fc.constantFrom(sha, sha + sha.slice(0, 24)) }),
  ),
  metadata: record,
  warning: fc.option(text),
  values: fc.option(
    fc.record({
      metrics: fc.dictionary(text, record),
      params: fc.dictionary(text, record),
      outs: fc.array(
        fc.record({
          path: text.filter(isOutputPath),
          hash: fc.constantFrom(
            "",
            "d41d8cd98f00b204e9800998ecf8427e",
            "d751713988987e9331980363e24189ce.dir",
          ),
          size: count,
          fileCount: count,
          isExecutable: fc.boolean(),
          cached: fc.boolean(),
          legacy: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
    }),
  ),
});

test("whatever the fields hold, a message reads back as it was written, and only as trailers of one paragraph", () => {
  fc.assert(
    fc.property(message, (original) => {
      const written = formatMessage(original);
      assert.ok(!written.includes("\0"));
      assert.equal(written.split("\n\n").length, 2);
      const lines = written.split("\n\n")[1]?.trimEnd().split("\n") ?? [];
      assert.equal(
        new Set(lines.map((line) => /^Savepoint-[A-Za-z-]+: ./.exec(line)?.[0])).size,
        lines.length,
      );
      // As Git keeps it: bytes in UTF-8.
      const read = parseMessage(Buffer.from(written).toString("utf8"));
      // -0 has no text of its own in JSON; a record without prototype equals one with.
      const same = (part: CheckpointMessage | null) => JSON.parse(JSON.stringify(part));
      assert.deepEqual(
        same(read),
        same({ ...original, values: read?.values === null ? null : original.values }),
      );
    }),
    { numRuns: 500 },
  );
});

/** Places in which a checkpoint from elsewhere could bring settings and programs that then run. */
const dangerous = [
  ".git/hooks/pre-commit",
  ".GIT/config",
  "sub/.git/config",
  "git~1/config",
  ".git ./config",
  ".g\u200cit/config",
  ".dvc/config.local",
  "../elsewhere",
  "/etc/passwd",
];

for (const path of dangerous) {
  test(`no output is ${JSON.stringify(path)}`, () => {
    const out = { path, hash: "d41d8cd98f00b204e9800998ecf8427e", size: 1, fileCount: null } as const;
    const outs = [{ ...out, isExecutable: true, cached: true, legacy: false }];
    const read = parseMessage(formatMessage({ ...plain, values: { metrics: {}, params: {}, outs } }));
    assert.deepEqual(read?.values?.outs ?? [], []);
    if (path.startsWith(".dvc")) return;
    const entry = { md5: "d41d8cd98f00b204e9800998ecf8427e", relpath: path };
    assert.equal(parseDirectoryObject(Buffer.from(JSON.stringify([entry]))), null);
  });
}

test("values over 32 KiB are left out of the message, and nothing else", () => {
  const large = {
    ...plain,
    values: { metrics: { "m.json": { text: "é".repeat(17_000) } }, params: {}, outs: [] },
  };
  assert.deepEqual(parseMessage(formatMessage(large)), { ...large, values: null });
});

test("numbers that JSON has no word for are kept as words", () => {
  const values = {
    metrics: { "m.json": { loss: Number.NaN, best: Number.NEGATIVE_INFINITY } },
    params: {},
    outs: [],
  };
  assert.deepEqual(parseMessage(formatMessage({ ...plain, values }))?.values?.metrics, {
    "m.json": { loss: "NaN", best: "-Infinity" },
  });
});

test("outputs outside of the project are not taken from a message", () => {
  const [output] = plain.values?.outs ?? [];
  assert.ok(output);
  const paths = ["../x", "/etc/passwd", "a/../../b", "", "a//b", "ok/model.json"];
  const values = { metrics: {}, params: {}, outs: paths.map((path) => ({ ...output, path })) };
  assert.deepEqual(
    parseMessage(formatMessage({ ...plain, values }))?.values?.outs.map(({ path }) => path),
    ["ok/model.json"],
  );
});

test("data nested without end is cut when written and left out when read", () => {
  let nested: Value = "end";
  for (let level = 0; level < 100_000; level += 1) nested = { a: nested };
  const text = formatMessage({ ...plain, metadata: { nested } });
  assert.match(text, /"…"/);
  assert.equal(typeof parseMessage(text)?.metadata.nested, "object");
  const deep = `{"nested":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const header = "S\n\nSavepoint-Version: 1\nSavepoint-Experiment: a\nSavepoint-Sequence: 1\n";
  assert.deepEqual(parseMessage(`${header}Savepoint-Metadata: ${deep}\n`)?.metadata, {});
});

test("messages of other programs are foreign", () => {
  for (const foreign of [
    "",
    "dvc: commit experiment c0606970",
    "savepoint: amber-heron@12 train step 200",
    "Subject\n\nSavepoint-Version: 1\n\nSigned-off-by: A <a@b>\n",
    "Subject\n\nSavepoint-Version: x\nSavepoint-Experiment: a\nSavepoint-Sequence: 1\n",
    "Subject\n\nSavepoint-Version: 1\nSavepoint-Experiment: a\nSavepoint-Sequence: -1\n",
    "Subject\n\nSavepoint-Version: 1\nSavepoint-Sequence: 1\n",
  ]) {
    assert.equal(parseMessage(foreign), null, JSON.stringify(foreign));
  }
});

test("fields that make no sense are taken as absent; trailers of others are left alone", () => {
  const read = parseMessage(
    "S\n\nSavepoint-Version: 2\nSavepoint-Experiment: a\nSavepoint-Sequence: 3\nSavepoint-Kind: telepathy\n" +
      "Savepoint-Step: soon\nSavepoint-Time: yesterday-ish\nSavepoint-Metadata: [1]\nSavepoint-Values: {\n" +
      'Savepoint-Resumed-From: ../../x@1 zz\nSavepoint-Name: "unfinished\nSavepoint-Step: 4\nChange-Id: I1\n',
  );
  assert.deepEqual(read, {
    ...{
      experiment: "a",
      sequence: 3,
      kind: "signal",
      run: null,
      stage: null,
      step: null,
      total: null,
      name: null,
    },
    ...{ createdAt: null, resumedFrom: null, metadata: {}, warning: null, values: null },
  });
});

test("any text can be parsed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (tail) => {
      parseMessage(tail);
      parseMessage(
        `S\n\nSavepoint-Version: 1\nSavepoint-Experiment: a\nSavepoint-Sequence: 1\nSavepoint-Values: ${tail}`,
      );
    }),
  );
});
