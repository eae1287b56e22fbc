import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BatchParser, CatFile } from "../../src/engine/store/catFile.ts";
import { until } from "../support/poll.ts";
import { temporaryProject } from "../support/temporaryProject.ts";

const id = (digit: string) => digit.repeat(40);

test("answers are the same however the output is cut into pieces", () => {
  const object = fc.record({
    digit: fc.constantFrom("a", "b", "c"),
    content: fc.option(fc.uint8Array({ maxLength: 60 })),
  });
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(object, { maxLength: 8 }), cuts, (objects, lengths) => {
      const output = Buffer.concat(
        objects.flatMap(({ digit, content }) =>
          content === null
            ? [Buffer.from(`${id(digit)} missing\n`)]
            : [Buffer.from(`${id(digit)} blob ${content.length}\n`), content, Buffer.from("\n")],
        ),
      );
      const parser = new BatchParser();
      const answers = [];
      for (let position = 0, turn = 0; position < output.length; turn += 1) {
        const length = lengths[turn % lengths.length] ?? 1;
        answers.push(...parser.push(output.subarray(position, position + length)));
        position += length;
      }
      assert.deepEqual(
        answers.map((answer) => answer && [answer.id, answer.content.toString("hex")]),
        objects.map(({ digit, content }) => content && [id(digit), Buffer.from(content).toString("hex")]),
      );
    }),
  );
  assert.throws(() => new BatchParser().push(Buffer.from("fatal: all is lost\n")), /unexpected/);
});

test("many requests at once are each answered, large objects and missing ones among them", async (t) => {
  const large = Buffer.alloc(3_000_000, "0123456789\n");
  const project = await temporaryProject({ "large.bin": large, "empty.txt": "", "a.txt": "a\n" });
  t.after(project.dispose);
  const objects = new CatFile(project.root);
  t.after(() => objects.dispose());
  const blob = (path: string) => project.git("rev-parse", `HEAD:${path}`);
  const [big, empty, small] = await Promise.all([blob("large.bin"), blob("empty.txt"), blob("a.txt")]);
  const asked = Array.from({ length: 40 }, (_, index) => [big, empty, small, id("e")][index % 4] ?? "");
  const answers = await Promise.all(asked.map((one) => objects.read(one)));
  for (const [index, answer] of answers.entries()) {
    const expected = [large, Buffer.alloc(0), Buffer.from("a\n"), null][index % 4];
    assert.ok(expected === null ? answer === null : answer?.content.equals(expected ?? Buffer.alloc(0)));
  }
  for (const invalid of ["", "HEAD", `${small}\n${small}`, "--help", small.slice(0, 10)]) {
    assert.equal(await objects.read(invalid), null);
  }
  assert.equal((await objects.read(small))?.content.toString(), "a\n");
});

test("a process that dies is started again, and requests under way are answered", async (t) => {
  const project = await temporaryProject({ "a.txt": "a\n" });
  t.after(project.dispose);
  const objects = new CatFile(project.root);
  t.after(() => objects.dispose());
  const blob = await project.git("rev-parse", "HEAD:a.txt");
  assert.ok(await objects.read(blob));
  const first = objects.processId;
  assert.ok(first);
  process.kill(first, "SIGKILL");
  const answers = await Promise.all([objects.read(blob), objects.read(blob)]);
  assert.deepEqual(
    answers.map((answer) => answer?.content.toString()),
    ["a\n", "a\n"],
  );
  assert.notEqual(objects.processId, first);
  // Objects that are written while it runs are found.
  await project.write({ "b.txt": "b\n" });
  const written = await project.git("hash-object", "-w", "b.txt");
  assert.equal((await objects.read(written))?.content.toString(), "b\n");
});

test("where Git can't run the request fails, and a closed reader says so", async (t) => {
  const project = await temporaryProject();
  t.after(project.dispose);
  const nowhere = new CatFile(project.path("missing"));
  await assert.rejects(nowhere.read(id("a")));
  const objects = new CatFile(project.root);
  await objects.read(id("a"));
  const { processId } = objects;
  assert.ok(processId);
  const pending = objects.read(id("a"));
  objects.dispose();
  await assert.rejects(pending, /closed/);
  await assert.rejects(objects.read(id("a")), /closed/);
  await until(() => !isAlive(processId), 60_000, "the process to end");
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}
