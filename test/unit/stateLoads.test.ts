import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findPattern, readPatterns } from "../../src/editor/lenses/callPatterns.ts";
import { findStateLoads } from "../../src/editor/lenses/stateLoads.ts";

describe("lines that load the state of a training", () => {
  const cases: readonly {
    readonly language: string;
    readonly lines: readonly (readonly [code: string, isFound: boolean])[];
  }[] = [
    {
      language: "python",
      lines: [
        ['MODEL = "model.json"', false],
        ['PATH: Path = Path("ckpt/last.pt")', false],
        ['state = torch.load("ckpt/last.pt", map_location="cpu")', true],
        ["state = torch.load(f'ckpt/{step}.pt')", true],
        ['# torch.load("model.json")', false],
        ['"""torch.load(\'model.json\')"""', false],
        ['log("torch.load(model.json)")', false],
        ['json.load(open("./model.json"))', true],
        ["with open(MODEL) as file:", true],
        ['with open(MODEL, "w") as file:', false],
        ['with open(MODEL, mode="rb") as file:', true],
        ["state = Training.load(MODEL)", true],
        ["json.loads(PATH.read_text())", true],
        ["torch.save(state, MODEL)", false],
        ["def load(path=MODEL):", false],
        ['data = pd.read_csv("prepared/train.csv")', false],
        ["step = savepoint.resumed_step() or 0", true],
        ["if is_resumed():", true],
        ["model = AutoModel.from_pretrained('ckpt')", true],
        ["torch.load(", true],
        ['    "model.json",', false],
        [")", false],
        ["os.path.exists(MODEL)", false],
        ["other = MODEL2", false],
        ['text = Path("model.json").read_text()', true],
        ['with Path("model.json").open("w") as file:', false],
        ['state = torch.load(f"ckpt/{names["a"]}.pt")', true],
        ['print(f"{torch.load("model.json")}")', true],
        ["trainer.train(resume_from_checkpoint=True)", true],
        ['trainer.fit(model, ckpt_path="last")', true],
        ["trainer.train(resume_from_checkpoint=None)", false],
        ['bucket.upload_file("model.json")', false],
        ["def again(): return torch.load(MODEL)", true],
      ],
    },
    {
      language: "javascript",
      lines: [
        ['const file = "model.json";', false],
        ["const state = JSON.parse(readFileSync(file, 'utf8'));", true],
        ["const again = JSON.parse(await fs.readFile(`model.json`));", true],
        ["// readFileSync(file)", false],
        ["writeFileSync(file, text);", false],
        ["const step = resumedStep();", true],
        ["export function loadModel(path = file) {", false],
        ["function main() { return JSON.parse(readFileSync(file)); }", true],
      ],
    },
    {
      language: "r",
      lines: [
        ['model <- "model.json"', false],
        ["state <- readRDS(model)", true],
        ['state <- jsonlite::fromJSON("model.json") # again', true],
        ['# readRDS("model.json")', false],
        ["saveRDS(state, model)", false],
        ["state <- tryCatch(readRDS(model), error = function(e) NULL)", true],
        ['state <- readRDS(r"(model.json)")', true],
        ['load_state <- function(path = "model.json") {', false],
      ],
    },
    {
      language: "julia",
      lines: [
        ['state = JLD2.load("model.json")', true],
        ['state = deserialize("model.json")', true],
        ['const M = "model.json"', false],
        ["s = JSON.parsefile(M)", true],
        ['#= load("model.json") =#', false],
        ['BSON.@load "model.json" model', true],
        ['BSON.@save "model.json" model', false],
        ['load_state(path = "model.json") = nothing', false],
      ],
    },
    {
      language: "shellscript",
      lines: [
        ["step=$(savepoint_resumed_step)", true],
        ["if savepoint_is_resumed; then", true],
        ["echo savepoint_is_resumed # savepoint_is_resumed", false],
      ],
    },
    { language: "plaintext", lines: [['torch.load("model.json")', false]] },
  ];
  for (const { language, lines } of cases) {
    it(`are found in ${language}, and only they`, () => {
      const text = lines.map(([code]) => code).join("\n");
      const found = findStateLoads(text, language, ["model.json", "ckpt"]);
      assert.deepEqual(
        lines.map(([code], line) => [code, found.includes(line)]),
        lines,
      );
    });
  }

  it("are none when the stage has no outputs", () => {
    assert.deepEqual(findStateLoads('torch.load("model.json")', "python", []), []);
  });

  it("are found quickly in a large file that never closes its calls", () => {
    const text = `${"open(a.b.c.".repeat(50_000)}\nx = load("model.json")`;
    assert.deepEqual(findStateLoads(text, "python", ["model.json"]).at(-1), 1);
  });
});

describe("patterns that the user adds", () => {
  it("are used when they can be, and named when they can't", () => {
    const good = { language: "python", pattern: "trainer\\.save\\(" };
    const { patterns, problems } = readPatterns([
      good,
      { language: "python", pattern: "(" },
      { language: "", pattern: "x" },
      { language: "lua", pattern: "a*" },
      "text",
      null,
      { language: "lua", pattern: "x".repeat(501) },
    ]);
    assert.deepEqual(patterns, [good]);
    assert.equal(problems.length, 6);
    assert.match(problems[0] ?? "", /^entry 2 has a pattern that can't be read: .*[Uu]nterminated group/);
    assert.match(problems[1] ?? "", /^entry 3 names no language/);
    assert.match(problems[2] ?? "", /^entry 4 has a pattern that every line matches/);
    assert.deepEqual(readPatterns("text"), { patterns: [], problems: ["it is no list"] });
  });

  it("are looked for in code, not in comments and texts in quotes", () => {
    const text = 'a = 1\ntrainer.save("x")\n# trainer.save(\n"trainer.save("\n  y; trainer.save(';
    const found = findPattern(text, { language: "python", pattern: "trainer\\.save\\(" });
    assert.deepEqual(found, { ok: true, value: [1, 4] });
  });

  it("are looked for in any language", () => {
    const found = findPattern("local x\nsave(x)", { language: "lua", pattern: "^save" });
    assert.deepEqual(found, { ok: true, value: [1] });
  });

  it("are given up when they take too long", () => {
    const text = `${"a".repeat(60)}!\nsave()`;
    const found = findPattern(text, { language: "python", pattern: "(a+)+$" });
    assert.equal(found.ok, false);
    assert.equal(found.ok ? "" : found.problem.reason, "too-slow");
  });
});
