/** The program that runs the suites must not let a failure pass, whatever form it has. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { temporaryFolder } from "../../support/temporaryProject.ts";

const nodeSuites = join(import.meta.dirname, "../../../scripts/suites/nodeSuites.ts");

const files = {
  "good.test.ts": `
    import { describe, it, test } from "node:test";
    test("plain", () => {});
    describe("group", () => { it("inside", () => {}); it.skip("left out", () => {}); });
  `,
  "bad.test.ts": `
    import { describe, it, test, after } from "node:test";
    describe("group", () => { it("throws", () => { throw new Error("a clear reason"); }); });
    test("outer", async (t) => { await t.test("inner", () => { throw new Error("from the inner one"); }); });
  `,
  "hook.test.ts": `
    import { before, test } from "node:test";
    before(() => { throw new Error("the hook broke"); });
    test("never begins", () => {});
  `,
  "unloadable.test.ts": `import "./missing.ts";`,
  "empty.test.ts": "export {};",
  "open.test.ts": `
    import { test } from "node:test";
    test("leaves a timer", () => { setInterval(() => {}, 1000); });
  `,
};

/** Runs a program of its own: `node:test` can't be run from inside one of its tests. */
const program = `
  import { runNodeSuites } from ${JSON.stringify(nodeSuites)};
  const [root, ...names] = process.argv.slice(2);
  const files = names.map((name) => root + "/" + name);
  const isHanging = (file) => file.endsWith("open.test.ts");
  const suites = [
    { name: "one", files: files.filter((file) => !isHanging(file)), fileLimit: 120_000 },
    { name: "hanging", files: files.filter(isHanging), fileLimit: 15_000 },
    { name: "none", files: [], fileLimit: 120_000 },
  ];
  const tallies = await runNodeSuites(suites, { root, concurrency: 2, onFailure: () => {} });
  console.log(JSON.stringify(tallies.map((tally) => ({ ...tally, isEmpty: tally.isEmpty, isBad: tally.isBad }))));
`;

test("every kind of failure counts once, and says what and where", async (t) => {
  const folder = await temporaryFolder({ ...files, "program.mjs": program });
  t.after(folder.dispose);
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const args = [folder.path("program.mjs"), folder.root, ...Object.keys(files)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: environment });
  const [one, hanging, none] = JSON.parse(stdout);

  assert.equal(one.passed + hanging.passed, 3);
  assert.deepEqual(
    one.skipped.map((skipped: { title: string[] }) => skipped.title.join(" › ")),
    ["good.test.ts › group › left out"],
  );
  const reasons = new Map<string, string>(
    [...one.failures, ...hanging.failures].map((failure: { title: string[]; text: string }) => [
      failure.title.join(" › "),
      failure.text,
    ]),
  );
  assert.deepEqual([...reasons.keys()].sort(), [
    "bad.test.ts › group › throws",
    "bad.test.ts › outer › inner",
    "empty.test.ts",
    "hook.test.ts › never begins",
    "open.test.ts",
    "unloadable.test.ts",
  ]);
  assert.match(reasons.get("bad.test.ts › group › throws") ?? "", /a clear reason[\s\S]*bad\.test\.ts/);
  assert.match(reasons.get("hook.test.ts › never begins") ?? "", /the hook broke/);
  assert.match(reasons.get("unloadable.test.ts") ?? "", /Cannot find module/);
  assert.match(reasons.get("empty.test.ts") ?? "", /holds no test/);
  assert.match(reasons.get("open.test.ts") ?? "", /did not end within 15 s.*leaves a timer/);
  assert.equal(one.failures.length + hanging.failures.length, reasons.size);
  assert.deepEqual([none.isEmpty, none.isBad], [true, true]);
});
