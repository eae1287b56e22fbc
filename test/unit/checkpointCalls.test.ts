import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findCheckpointCalls } from "../../src/editor/lenses/checkpointCalls.ts";

describe("checkpoint calls in source code", () => {
  const cases: readonly {
    readonly language: string;
    readonly text: string;
    readonly lines: readonly number[];
  }[] = [
    {
      language: "python",
      text: [
        "from savepoint import make_checkpoint",
        "# make_checkpoint()",
        '"""',
        "make_checkpoint()",
        '"""',
        "def make_checkpoint(step): pass",
        "for epoch in range(3):",
        "    save(model)",
        "    make_checkpoint(step=epoch)",
        "    dvc.api.make_checkpoint()",
        "print('make_checkpoint()')",
        "live.next_step()",
      ].join("\n"),
      lines: [8, 9, 11],
    },
    {
      language: "typescript",
      text: "import { makeCheckpoint } from './s';\n// makeCheckpoint()\n/* makeCheckpoint() */\nmakeCheckpoint({\n  step,\n});\n`makeCheckpoint()`",
      lines: [3],
    },
    {
      language: "r",
      text: "source('savepoint.R')\nmake_checkpoint <- function() 1\nmake_checkpoint(step = 1) # make_checkpoint()",
      lines: [2],
    },
    {
      language: "julia",
      text: "function make_checkpoint(; step)\nend\ny = x'\nmake_checkpoint(step = 1)\n#= make_checkpoint() =#",
      lines: [3],
    },
    {
      language: "shellscript",
      text: '. ./savepoint.sh\n# make_checkpoint\necho "make_checkpoint"\nwhile true; do savepoint_make_checkpoint --step 1; done\nmake_checkpoint() { :; }\n  make_checkpoint',
      lines: [3, 5],
    },
    { language: "python", text: "", lines: [] },
    { language: "markdown", text: "make_checkpoint()", lines: [] },
  ];
  for (const { language, text, lines } of cases) {
    it(`finds ${lines.length} in ${language} (${text.length} characters)`, () => {
      assert.deepEqual(findCheckpointCalls(text, language), lines);
    });
  }

  it("stays quick on a large file with an open string", () => {
    const text = `make_checkpoint()\nx = "${"\\".repeat(100_000)}`;
    assert.deepEqual(findCheckpointCalls(text, "python"), [0]);
  });
});
