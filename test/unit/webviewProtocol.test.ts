import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  maximumCopyLength,
  parseHostMessage,
  parsePageMessage,
  parseReferences,
  protocolVersion,
  referenceKey,
} from "../../src/webview/protocol.ts";
import { sampleAppend, sampleExperiments, sampleSnapshot } from "../support/comparison/sample.ts";

const snapshot = sampleSnapshot(sampleExperiments());
const append = sampleAppend({ name: "calm-otter", length: 40, rate: 0.02 }, 2);

/** As it is after its way through VS Code. */
function sent(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

test("what the host sends is read by the page", () => {
  assert.deepEqual(parseHostMessage(sent(snapshot)), sent(snapshot));
  assert.deepEqual(parseHostMessage(sent(append)), sent(append));
  const rows = { kind: "rows", revision: 3, rows: snapshot.rows };
  assert.deepEqual(parseHostMessage(sent(rows)), sent(rows));
});

test("a snapshot of another protocol version is not read", () => {
  assert.equal(parseHostMessage({ ...snapshot, protocol: protocolVersion + 1 }), null);
});

test("columns of a line must be of equal length", () => {
  const [line] = snapshot.lines;
  assert.ok(line);
  assert.equal(
    parseHostMessage(sent({ ...snapshot, lines: [{ ...line, steps: line.steps.slice(1) }] })),
    null,
  );
});

test("a message that lacks any field is not read", () => {
  for (const message of [snapshot, append]) {
    for (const field of Object.keys(message)) {
      assert.equal(parseHostMessage({ ...message, [field]: undefined }), null, field);
    }
  }
});

test("what the page sends is read by the host, and nothing else in it", () => {
  const act = { kind: "act", action: "fork", line: "l", sequence: 12 };
  assert.deepEqual(parsePageMessage({ ...act, extra: 1 }), act);
  assert.deepEqual(parsePageMessage({ kind: "ready", protocol: 1 }), { kind: "ready", protocol: 1 });
  assert.deepEqual(parsePageMessage({ kind: "dismiss", keys: ["a"] }), { kind: "dismiss", keys: ["a"] });
  assert.deepEqual(parsePageMessage({ kind: "copy", text: "x" }), { kind: "copy", text: "x" });
  assert.deepEqual(parsePageMessage({ kind: "resync" }), { kind: "resync" });
  assert.deepEqual(parsePageMessage({ kind: "add" }), { kind: "add" });
});

test("hostile messages of the page are not read", () => {
  const hostile: readonly unknown[] = [
    null,
    "ready",
    [],
    { kind: "constructor" },
    { kind: "act", action: "delete", line: "l", sequence: 1 },
    { kind: "act", action: "resume", line: "l", sequence: -1 },
    { kind: "act", action: "resume", line: "l", sequence: 1.5 },
    { kind: "act", action: "resume", line: {}, sequence: 1 },
    { kind: "dismiss", keys: [1] },
    { kind: "dismiss", keys: new Array(1000).fill("k") },
    { kind: "copy", text: "x".repeat(maximumCopyLength + 1) },
    { kind: "ready", protocol: "1" },
  ];
  for (const message of hostile)
    assert.equal(parsePageMessage(message), null, JSON.stringify(message)?.slice(0, 80));
});

test("no data whatever makes a guard throw", () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (data) => {
      parsePageMessage(data);
      parseHostMessage(data);
      parseReferences(data);
    }),
  );
  for (const kind of ["constructor", "__proto__", "toString"]) {
    assert.equal(parseHostMessage({ kind, revision: 1 }), null);
  }
});

test("references that were kept over a reload are read one by one", () => {
  const good = { root: "/p", experiment: "amber heron\n", sequence: null };
  assert.deepEqual(parseReferences([good, { root: 1 }, { ...good, sequence: -1 }, null]), [good]);
  assert.deepEqual(parseReferences("no"), []);
});

test("keys tell references apart whatever is in the names", () => {
  const keys = [
    { root: "/a", experiment: "b@1", sequence: null },
    { root: "/a", experiment: "b", sequence: 1 },
    { root: "/a/b", experiment: "", sequence: 1 },
  ].map(referenceKey);
  assert.equal(new Set(keys).size, keys.length);
});
