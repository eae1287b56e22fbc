/** Runs Mocha inside an extension host: in a window of the VS Code server, or under `@vscode/test-electron`. */
import { appendFileSync } from "node:fs";
import { runnerVariables, type TestRecord } from "./records.ts";

/** Milliseconds for one test or hook; a test may set its own. */
const testLimit = 180_000;

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set.`);
  return value;
}

/** Called by the extension host; the window ends when it resolves, with a failure when it rejects. */
export async function run(): Promise<void> {
  const files = JSON.parse(variable(runnerVariables.files)) as readonly string[];
  const results = variable(runnerVariables.results);
  const write = (record: TestRecord) => appendFileSync(results, `${JSON.stringify(record)}\n`);

  // Mocha is an ES module; this file is bundled as CommonJS.
  const { default: Mocha } = await import("mocha");
  const mocha = new Mocha({
    ui: "bdd",
    timeout: testLimit,
    forbidOnly: true,
    reporter: Mocha.reporters.Base,
  });
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on("pass", (test) => write({ kind: "passed", title: test.titlePath() }));
    runner.on("pending", (test) => write({ kind: "skipped", title: test.titlePath() }));
    runner.on("fail", (test, error) => {
      write({ kind: "failed", title: test.titlePath(), error: error.stack ?? String(error) });
    });
  });
  write({ kind: "end" });
  if (failures > 0) throw new Error(`${failures} failed`);
}
