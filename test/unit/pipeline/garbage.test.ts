import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { parseDataFile } from "../../../src/engine/pipeline/dataFile.ts";
import { checkGraph } from "../../../src/engine/pipeline/graph.ts";
import { ignoreRules } from "../../../src/engine/pipeline/ignore.ts";
import { parseLock, writeLockEntry } from "../../../src/engine/pipeline/lock.ts";
import { orderStages } from "../../../src/engine/pipeline/order.ts";
import { parseValues } from "../../../src/engine/pipeline/params.ts";
import { parsePipelineFile } from "../../../src/engine/pipeline/parse.ts";
import { setParam } from "../../../src/engine/pipeline/setParam.ts";
import { stagesInText } from "../../../src/engine/pipeline/stageText.ts";

const corpus = join(import.meta.dirname, "../../dvc/corpus");
const examples = readdirSync(corpus)
  .map((name) => {
    try {
      return readFileSync(join(corpus, name, "dvc.yaml"), "utf8");
    } catch {
      return "";
    }
  })
  .filter((text) => text !== "");

const piece = fc.constantFrom(
  "stages:",
  "  ",
  "\n",
  "a:",
  "cmd:",
  " run",
  "${",
  "}",
  "item",
  "[",
  "]",
  "{",
  "}",
  "- ",
  "foreach:",
  "do:",
  "matrix:",
  "vars:",
  "outs:",
  "&x ",
  "*x",
  "<<:",
  "!!int ",
  "'",
  '"',
  "|",
  ">",
  "#",
  "\t",
  "---",
  "..",
  "/",
  "@",
  "\0",
  "\ud800",
  "?",
  ": ",
  ",",
  "1e999",
  "=",
  '"""',
  "\\",
);
const garbage = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join("")),
);
/** A real file with a stretch cut out or replaced, as it is in the middle of an edit. */
const edited = fc
  .tuple(fc.constantFrom(...examples), fc.nat(), fc.nat(60), fc.oneof(fc.constant(""), garbage))
  .map(([text, at, length, added]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + added + text.slice(start + length);
  });
const text = fc.oneof(garbage, edited);

test("no text of a pipeline file makes reading throw, and problems lie within the text", () => {
  fc.assert(
    fc.property(text, text, (content, params) => {
      const parsed = parsePipelineFile({
        text: content,
        file: "dvc.yaml",
        root: "/p",
        read: (path) => (path.endsWith("params.yaml") ? params : null),
      });
      const lines = content.split(/\r\n|\r|\n/).length;
      for (const { range, message } of parsed.problems) {
        assert.ok(range.start.line >= 0 && range.start.line <= lines && range.end.line <= lines, message);
        assert.ok(!message.includes("\n"), message);
      }
      const checked = checkGraph(parsed.stages, []);
      orderStages({ stages: checked.stages, problems: parsed.problems, files: ["dvc.yaml"] }, [
        content.slice(0, 5),
      ]);
      orderStages({ stages: checked.stages, problems: parsed.problems, files: ["dvc.yaml"] });
      for (const { lines: found } of stagesInText(content))
        assert.ok(found.start < found.end && found.end <= lines);
      for (const stage of checked.stages.slice(0, 3)) {
        const before = parseLock(params, "dvc.lock").ok ? params : null;
        const lock = writeLockEntry(before, stage, {
          command: stage.lockedCommand,
          dependencies: [],
          params: {},
          outputs: [],
        });
        const again = parseLock(lock, "dvc.lock");
        assert.ok(again.ok, lock);
        assert.deepEqual(again.value.entries.get(stage.name)?.command, stage.lockedCommand);
      }
    }),
    { numRuns: 700 },
  );
});

test("no text of another file makes reading throw", () => {
  fc.assert(
    fc.property(
      text,
      fc.constantFrom("p.yaml", "p.json", "p.toml", "p.py"),
      fc.string(),
      (content, file, word) => {
        parseValues(content, file);
        setParam(content, file, word, content.slice(0, 20));
        setParam(`a: ${content}`, file, "a", word);
        parseLock(content, "dvc.lock");
        parseDataFile(content, "x.dvc", "/p");
        ignoreRules(() => content)("some/path", false);
      },
    ),
    { numRuns: 700 },
  );
});
