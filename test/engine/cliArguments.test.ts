import assert from "node:assert/strict";
import { test } from "node:test";
import { assertRefused, testCommandLine } from "../support/badInput.ts";
import { temporaryProject } from "../support/temporaryProject.ts";

const cli = testCommandLine();

test("usage errors end with 2 and name the way to the help", async (t) => {
  const { root, dispose } = await temporaryProject();
  t.after(dispose);
  for (const [line, message] of [
    ["bogus", /no command "bogus"; savepoint --help/],
    ["list a b", /usage: savepoint list \[PATTERN\]/],
    ["show", /usage: savepoint show REF/],
    ["compare one", /usage: savepoint compare REF REF…/],
    ["export one", /usage: savepoint export REF DIRECTORY/],
    ["run --bogus", /Unknown option '--bogus'; savepoint run --help lists the options/],
    ["run --name", /'--name <value>' argument missing; savepoint run --help/],
    ["list --json=3", /'--json' does not take an argument/],
    ["run --set rate", /--set takes FILE:KEY=VALUE, such as .*, not "rate"/],
    ["-C", /-C needs a folder/],
    ["bo\x1b[31mgus", /no command "bo\?\[31mgus"/],
  ] as const) {
    assertRefused(await cli().attempt(root, line.split(" ")), message, 2);
  }
});

test("the help goes to standard output, and lists what each command takes", async (t) => {
  const { root, dispose } = await temporaryProject();
  t.after(dispose);
  const general = await cli().savepoint(root, "--help");
  const commands = [...general.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? "");
  assert.ok(commands.length >= 12);
  for (const command of commands) {
    assert.match(await cli().savepoint(root, command, "--help"), new RegExp(`^Usage: savepoint ${command}`));
  }
});

test("a reader that closes the pipe early is no failure", async (t) => {
  const { root, dispose } = await temporaryProject();
  t.after(dispose);
  const help = cli().start(root, ["--help"]);
  help.process.stdout.destroy();
  assert.equal(await help.exited, 0, help.output());
});

test("names from files are printed safely: escapes and newlines do nothing to the terminal", async (t) => {
  const { root, dispose, commit } = await temporaryProject({
    "dvc.yaml": [
      "stages:",
      '  "we\\nird \\e[31m":',
      `    cmd: 'touch "$(printf "o''u\\nt\\033[31m.txt")"'`,
      `    outs: ["o'u\\nt\\e[31m.txt"]`,
      "  sp ace:",
      "    cmd: touch 'a b.txt'",
      "    outs: ['a b.txt']",
      "",
    ].join("\n"),
  });
  t.after(dispose);
  await commit("Odd names");
  const stages = await cli().attempt(root, ["stages"]);
  assert.match(stages.stdout, /^we\?ird \?\[31m +never run/m);
  const run = await cli().attempt(root, ["run", "--name", "amber-heron"]);
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stderr, /amber-heron@2/);
  const show = await cli().attempt(root, ["show", "amber-heron"]);
  for (const { stdout, stderr } of [stages, run, show])
    assert.equal(`${stdout}${stderr}`.includes("\x1b"), false);
  assert.match(show.stdout, /^output +a b\.txt/m);
  const again = await cli().attempt(root, ["run"]);
  assert.deepEqual([again.code, again.stdout], [0, ""]);
  assert.match(again.stderr, /up to date/);
});
