import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findDebugCommand, parseDebugCommand, withDebugger } from "../../src/engine/run/debugCommand.ts";

/** The command with `@` where the debugger goes, or the reason why there is no such place. */
function placed(command: string): string {
  const parsed = parseDebugCommand(command);
  if (!parsed.ok) return parsed.problem.reason;
  const { language, insertAt } = parsed.value;
  return `${language}: ${command.slice(0, insertAt)}@${command.slice(insertAt)}`;
}

describe("where a debugger goes into a command", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["python train.py", "python: python @train.py"],
    [
      "python3.12 -u -X dev -W ignore train.py --lr 1",
      "python: python3.12 -u -X dev -W ignore @train.py --lr 1",
    ],
    ["python -m trainer.main --x", "python: python @-m trainer.main --x"],
    ["python -c 'print(1)'", "python: python @-c 'print(1)'"],
    ["  .venv/bin/python  'my train.py'", "python:   .venv/bin/python  @'my train.py'"],
    ["CUDA_VISIBLE_DEVICES=0 python train.py", "python: CUDA_VISIBLE_DEVICES=0 python @train.py"],
    ["uv run python train.py", "python: uv run python @train.py"],
    ["conda run -n ml python train.py", "python: conda run -n ml python @train.py"],
    ["env A=1 python train.py > log.txt 2>&1", "python: env A=1 python @train.py > log.txt 2>&1"],
    ["node train.mjs", "node: node@ train.mjs"],
    ["node --max-old-space-size=99 src/train.ts", "node: node@ --max-old-space-size=99 src/train.ts"],
    ['python train.py --say "a; b | c & d"', 'python: python @train.py --say "a; b | c & d"'],
    ["python train.py \\$HOME \\; x", "python: python @train.py \\$HOME \\; x"],
    ["node --inspect train.mjs", "debugged-already"],
    ["node", "no-script"],
    ["python", "no-script"],
    ["python -u", "no-script"],
    ["python train.py | tee log", "not-one-command"],
    ["cd src && python train.py", "not-one-command"],
    ["python train.py; true", "not-one-command"],
    ["python train.py &", "not-one-command"],
    ["python train.py $(cat args)", "not-one-command"],
    ['python train.py "`date`"', "not-one-command"],
    ["python a.py\npython b.py", "not-one-command"],
    ["(python train.py)", "not-one-command"],
    ["sh train.sh", "no-debugger-for"],
    ["echo python train.py", "no-debugger-for"],
    ["torchrun train.py", "no-debugger-for"],
    ["./train.py", "no-debugger-for"],
    ["", "no-debugger-for"],
  ];
  for (const [command, expected] of cases) {
    it(`${JSON.stringify(command)} → ${expected}`, () => assert.equal(placed(command), expected));
  }

  it("says in one line what to do about a command that can't be debugged", () => {
    const parsed = parseDebugCommand("sh train.sh");
    assert.ok(!parsed.ok);
    assert.match(parsed.problem.message, /^The stage starts sh, .* python or node itself: sh train\.sh$/);
  });

  it("finds the one of several commands that can be debugged", () => {
    const commands = ["echo start", "node train.mjs", "touch done"];
    const found = findDebugCommand(commands);
    assert.ok(found.ok);
    assert.deepEqual(withDebugger(commands, found.value, " --inspect-brk=9"), [
      "echo start",
      "node --inspect-brk=9 train.mjs",
      "touch done",
    ]);
  });

  it("refuses several that could be, and none", () => {
    const several = findDebugCommand(["node a.mjs", "python b.py"]);
    assert.equal(several.ok || several.problem.reason, "not-one-command");
    const none = findDebugCommand(["make", "python a.py | tee b"]);
    assert.equal(none.ok || none.problem.reason, "no-debugger-for");
  });
});
