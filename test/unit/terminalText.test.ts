import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTerminalText } from "../../src/engine/run/terminalText.ts";

const cases: readonly (readonly [what: string, output: string, shown: string])[] = [
  ["plain lines", "one\ntwo\n", "one\ntwo\n"],
  ["lines as a terminal has them", "one\r\ntwo\r\n", "one\ntwo\n"],
  [
    "colours and links",
    "\x1b[1;32mgreen\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x1b\\ end",
    "green link end",
  ],
  ["a progress bar that is drawn over itself", " 10% #\r 50% ###\r100% #####\ndone\n", "100% #####\ndone\n"],
  ["a shorter text over a longer one", "downloading\rdone", "doneloading"],
  ["a line that is erased first", "downloading\r\x1b[Kdone\n", "done\n"],
  ["two bars, one above the other", "a 0%\nb 0%\x1b[A\ra 100%\n\rb 100%\n", "a 100%\nb 100%\n"],
  ["a spinner with backspaces", "wait |\b/\b-\b\\\n", "wait \\\n"],
  ["tabs", "a\tb", "a       b"],
  ["a cleared screen keeps what was said", "before\n\x1b[2J\x1b[Hafter\n", "before\nafter\n"],
  ["what is below the cursor is erased", "a\nb\nc\x1b[2A\x1b[Jx", "ax"],
  ["bells, nulls and half a sequence", "a\x07b\x00c\x1b[", "abc"],
  ["a title that the next sequence ends", "\x1b]0;train\x1b[31mred", "red"],
  // Looking for the end of each would take hours.
  ["many titles without an end", "\x1b]".repeat(1_000_000), ""],
  ["control characters of eight bits", "a\x9b31mb\x85c", "a31mbc"],
  ["wide characters", "学習 50%\r学習 99%", "学習 99%"],
];

for (const [what, output, shown] of cases) {
  test(`terminal output as text: ${what}`, () => assert.equal(plainTerminalText(output), shown));
}

test("a cursor that is sent far away costs nothing", () => {
  const text = plainTerminalText(`a\x1b[999999999C${"\x1b[999999999B".repeat(1_000)}end\n`);
  assert.ok(text.length < 50_000, String(text.length));
});
