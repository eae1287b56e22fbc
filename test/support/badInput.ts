import assert from "node:assert/strict";
import { after, before } from "node:test";
import { type CommandLine, commandLine, type Outcome } from "./commandLine.ts";
import { type TemporaryFolder, temporaryFolder } from "./temporaryProject.ts";

/** The command line for all tests of a file, built before the first and removed after the last. */
export function testCommandLine(): () => CommandLine {
  let built: CommandLine | null = null;
  let folder: TemporaryFolder | null = null;
  before(async () => {
    folder = await temporaryFolder();
    built = await commandLine(folder.root, process.env);
  });
  after(() => folder?.dispose());
  return () => built ?? assert.fail("The command line is not built yet.");
}

/** A refusal as the command line promises it: nothing on standard output, one line on standard error, an exit code. */
export function assertRefused({ code, stdout, stderr }: Outcome, message: RegExp, expected: 1 | 2 = 1): void {
  assert.match(stderr, /^savepoint: [^\n]+\n$/);
  assert.match(stderr, message);
  assert.equal(stdout, "");
  assert.equal(code, expected);
}
