import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadingCode } from "../../src/editor/notebook/loadingCode.ts";

test("the suffix decides how a file is loaded", () => {
  const lineFor = (path: string, isFolder = false) => loadingCode(path, isFolder, "a@1").split("\n")[1] ?? "";
  assert.equal(lineFor("/c/model.pt"), 'state = torch.load("/c/model.pt", map_location="cpu")  # a@1');
  assert.match(lineFor("/c/last.CKPT"), /weights_only=False/);
  assert.match(lineFor("/c/model.safetensors"), /^tensors = load_file\(/);
  assert.match(lineFor("/c/model.keras"), /^model = keras\.models\.load_model\(/);
  assert.match(lineFor("/c/table.csv.gz"), /pandas\.read_csv/);
  assert.match(lineFor("/c/weights.npz"), /numpy\.load/);
  assert.match(lineFor("/c/model.bin"), /read_bytes\(\)/);
  assert.match(lineFor("/c/model.pt", true), /^folder = Path\(/);
});

test("the lines run, also with odd names", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "savepoint-loading-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (name: string, content: string, print: string, comment = "amber-heron@3") => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const code = loadingCode(path, false, comment);
    assert.equal(code.trimEnd().split("\n").length, 2);
    return execFileSync("python3", ["-c", `${code}print(${print})`], { encoding: "utf8" }).trim();
  };
  assert.equal(run("metrics.json", '{"loss": 0.5}', 'data["loss"]'), "0.5");
  assert.equal(run(`it's "a" näme \\ $& 🙂.txt`, "héllo", "text"), "héllo");
  assert.equal(run("model.bin", "abc", "len(content)", "two\nlines"), "3");
  assert.equal(run("state.pickle", "I5\n.", "state"), "5");
});
