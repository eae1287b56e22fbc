import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../support/poll.ts";
import { ClientProcess } from "./clientProcess.ts";
import { skipR } from "./interpreters.ts";
import { Listener } from "./listener.ts";

const programs = join(dirname(fileURLToPath(import.meta.url)), "programs");

/** Runs one scenario to its end, and gives the one request that it made without `v` and `id`. */
async function requestOf(t: TestContext, command: readonly string[], scenario: string) {
  const listener = new Listener().listen();
  t.after(() => listener.dispose());
  const ended = await new ClientProcess([...command, scenario], listener.environment).ended;
  assert.equal(ended.code, 0, ended.stderr);
  const [request, ...more] = listener.requests;
  assert.deepEqual(more, []);
  const { v, id, ...values } = request ?? {};
  return { values, stderr: ended.stderr };
}

test("Python: scalars and arrays of libraries, and values that JSON does not have, become plain ones", async (t) => {
  const { values, stderr } = await requestOf(t, ["python3", join(programs, "program.py")], "types");
  const { cycle, ...metadata } = values.metadata as { readonly [key: string]: unknown };
  assert.deepEqual(
    { ...values, metadata },
    {
      step: 7,
      metrics: { scalar: "NaN", array: [1.5, 2], 3: true },
      metadata: { tuple: [1, null], path: "a/b", set: [5], odd: "\ud800" },
    },
  );
  assert.ok(cycle !== undefined);
  assert.equal(stderr, "");
});

test("JavaScript: typed arrays, maps, sets and big integers become plain values", async (t) => {
  const { values, stderr } = await requestOf(t, [process.execPath, join(programs, "program.mjs")], "types");
  assert.deepEqual(values, {
    step: 7,
    metrics: { array: [1.5, "NaN"], map: { a: String(2n ** 80n) } },
    metadata: { set: [5] },
  });
  assert.equal(stderr, "");
});

test("JavaScript: metadata that cannot be sent does not cost the checkpoint", async (t) => {
  const { values, stderr } = await requestOf(t, [process.execPath, join(programs, "program.mjs")], "cycle");
  assert.deepEqual(values, { step: 8 });
  assert.match(stderr, /^savepoint: metrics and metadata left out of the checkpoint: .*circular/);
});

test("shell: numbers are numbers, anything else is text", async (t) => {
  const { values, stderr } = await requestOf(t, ["sh", join(programs, "program.sh")], "types");
  assert.deepEqual(values, {
    step: "07",
    metrics: { a: 0.001, b: "-.5", c: "1\n2" },
    metadata: { d: "x=y", e: "bell" },
  });
  assert.equal(stderr, 'savepoint: unknown option "--unknown" ignored; see the top of savepoint.sh\n');
});

test("R: vectors, dates and factors become plain values; random numbers stay as they are", {
  skip: skipR,
}, async (t) => {
  const { values, stderr } = await requestOf(t, ["Rscript", join(programs, "program.R")], "types");
  assert.deepEqual(values, {
    step: 7,
    metrics: { a: 0.1, b: null },
    metadata: {
      vector: [1, 2, 3],
      flag: true,
      day: "2024-02-29",
      level: "low",
      nested: [1, { x: null }],
      control: "bell",
      complex: "0+1i",
    },
  });
  assert.equal(stderr, "");
});

for (const [name, command] of [
  ["Python", ["python3", join(programs, "program.py")]],
  ["JavaScript", [process.execPath, join(programs, "program.mjs")]],
  ["shell", ["sh", join(programs, "program.sh")]],
] as const) {
  test(`${name}: asks with an empty file when the disk is full`, async (t) => {
    const listener = new Listener().listen();
    t.after(() => listener.dispose());
    // No file may grow: like a full disk, an empty one is all that can be made.
    const limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 0; exec "$@"', "sh", ...command, "plain"];
    const { code, stderr } = await new ClientProcess(limited, listener.environment).ended;
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(listener.received, [""]);
  });
}

test("an empty file is all that a program without a client needs", async (t) => {
  const listener = new Listener().listen();
  t.after(() => listener.dispose());
  const script =
    'signal=$DVC_ROOT/.dvc/tmp/DVC_CHECKPOINT; true > "$signal"; while [ -e "$signal" ]; do sleep 0.01; done';
  const { code } = await new ClientProcess(["sh", "-c", script], listener.environment).ended;
  assert.equal(code, 0);
  assert.deepEqual(listener.received, [""]);
});

test("shell: the wait ends with the script that was killed", async (t) => {
  const listener = new Listener();
  t.after(() => listener.dispose());
  const client = new ClientProcess(["sh", join(programs, "program.sh"), "plain"], listener.environment);
  await until(() => listener.isAsked, 60_000, "the signal");
  client.kill("SIGKILL");
  // Its end is seen only when nothing holds its output any more.
  await client.ended;
  rmSync(listener.signal);
});
