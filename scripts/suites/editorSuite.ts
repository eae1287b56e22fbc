import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type EditorWindow, editorWindows } from "../../test/editor/windows.ts";
import { runnerVariables, type TestRecord } from "../../test/support/mocha/records.ts";
import { temporaryFolder } from "../../test/support/temporaryProject.ts";
import { bundleForHost, checkout } from "../../test/support/vscode/bundle.ts";
import { desktopHost, type EditorHost, serverHost } from "./editorHosts.ts";
import { type Failure, Tally } from "./tally.ts";

const outputFolder = join(checkout, "dist/test/editor");

/** The bundled test files of a window. */
function bundledTests(window: EditorWindow): readonly string[] {
  return globSync(`${window.name}/**/*.test.ts`, { cwd: join(checkout, "test/editor") })
    .sort()
    .map((file) => join(outputFolder, "editor", file.replace(/\.ts$/, ".js")));
}

/** Every test file must belong to a window: a folder that no window names would silently never run. */
function strayTests(): readonly string[] {
  const names = editorWindows.map((window) => window.name);
  return globSync("**/*.test.ts", { cwd: join(checkout, "test/editor") }).filter(
    (file) => !names.some((name) => file.startsWith(`${name}/`)),
  );
}

async function bundleTests(): Promise<void> {
  const tests = globSync("test/editor/**/*.test.ts", { cwd: checkout }).map((file) => join(checkout, file));
  await bundleForHost([...tests, join(checkout, "test/support/mocha/runner.ts")], outputFolder);
}

function parseRecords(text: string): readonly TestRecord[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as TestRecord);
}

/** Runs the tests of one window, and passes on what each came to. */
async function runWindow(
  window: EditorWindow,
  host: EditorHost,
  addRecord: (record: TestRecord) => void,
): Promise<void> {
  const temporary = await temporaryFolder();
  const folder = await window.makeFolder();
  const results = temporary.path("results.jsonl");
  try {
    const log = await host
      .run({
        folder: folder.root,
        module: join(outputFolder, "support/mocha/runner.js"),
        environment: {
          [runnerVariables.files]: JSON.stringify(bundledTests(window)),
          [runnerVariables.results]: results,
        },
        dataFolder: temporary.path("data"),
        restricted: window.restricted,
      })
      .catch((error: unknown) => String(error));
    const records = parseRecords(await readFile(results, "utf8").catch(() => ""));
    for (const record of records) addRecord(record);
    if (!records.some((record) => record.kind === "end")) {
      addRecord({ kind: "failed", title: ["the window ended before its tests did"], error: log });
    }
  } finally {
    await folder.dispose();
    await temporary.dispose();
  }
}

/**
 * Runs the Mocha tests of test/editor inside real extension hosts, one window for each folder of tests: in the VS Code
 * server, or with `SAVEPOINT_DESKTOP=1` in a desktop VS Code.
 */
export async function runEditorSuite(onFailure: (failure: Failure) => void): Promise<Tally> {
  const tally = new Tally("editor");
  const started = Date.now();
  const add = (window: string, record: TestRecord) => {
    if (record.kind === "end") return;
    const title = [`test/editor/${window}`, ...record.title];
    if (record.kind === "passed") tally.passed += 1;
    else if (record.kind === "skipped") tally.skipped.push({ title, reason: "" });
    else {
      tally.failures.push({ title, text: record.error });
      onFailure({ title, text: record.error });
    }
  };
  for (const file of strayTests()) {
    add(file, { kind: "failed", title: [], error: "No window in test/editor/windows.ts runs this file." });
  }
  await bundleTests();
  const host = await (process.env.SAVEPOINT_DESKTOP === "1" ? desktopHost() : serverHost());
  try {
    const windows = editorWindows.filter((window) => bundledTests(window).length > 0);
    for (const window of windows.filter(({ restricted }) => restricted && !host.canRestrict)) {
      tally.skipped.push({ title: [`test/editor/${window.name}`], reason: "needs Restricted Mode" });
    }
    const queue = windows.filter(({ restricted }) => !restricted || host.canRestrict);
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const { name } = next;
        await runWindow(next, host, (record) => add(name, record));
      }
    };
    // Each window is a server, an extension host and a page: more of them than processors only make each other late.
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    await host.dispose();
    tally.milliseconds = Date.now() - started;
  }
  return tally;
}
