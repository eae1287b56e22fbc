import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { findCheckpointCalls } from "../../src/editor/lenses/checkpointCalls.ts";
import { readSource } from "../../src/editor/lenses/source/sourceText.ts";

/** Code by language and by what is hard about it; `HERE` stands in a comment on each line that asks for a checkpoint. */
const hard: { readonly [language: string]: { readonly [what: string]: string } } = {
  python: {
    "a text in a text of Python 3.12": 'x = f"{d["make_checkpoint("]}"\nmake_checkpoint() # HERE',
    "code in an f-string": 'print(f"done {make_checkpoint()}") # HERE',
    "a raw text that ends in a backslash": "p = r'C:\\'\nq = 'it'\nmake_checkpoint() # HERE",
    "an escaped quote in a raw text": "p = r'a\\'b make_checkpoint('\nmake_checkpoint() # HERE",
    "quotes in a comment": '# """ open\nmake_checkpoint() # HERE\n# """',
    "an escaped quote before three": 'x = """a \\""" make_checkpoint() """\nmake_checkpoint() # HERE',
    "a # in a text": 'x = "#"; make_checkpoint() # HERE',
    "a decorator": "@make_checkpoint(every=3)  # HERE\ndef train(): pass",
    "a decorator of a module": "@savepoint.make_checkpoint(every=3)  # HERE\ndef f(): pass",
    "definitions of methods":
      "class A:\n    def make_checkpoint(self): pass\n    async def make_checkpoint(self): pass\nA().make_checkpoint() # HERE",
    "a call in a definition of one line": "def end(): make_checkpoint() # HERE",
    "a lambda": "cb = lambda: make_checkpoint(step=1) # HERE",
    "a text that goes on in the next line": 'x = "abc \\\n make_checkpoint() "\nmake_checkpoint() # HERE',
    "a blank before the parenthesis": "make_checkpoint (step=1) # HERE",
    "names that are like it": "remake_checkpoint()\nmake_checkpoints()\n_make_checkpoint()",
    "code in an f-string of several lines": 'x = f"""{\n make_checkpoint() # HERE\n}"""',
    "doubled braces": 'x = f"{{make_checkpoint()}}"\nmake_checkpoint() # HERE',
    bytes: "b'make_checkpoint()'\nrb'''make_checkpoint()'''\nmake_checkpoint() # HERE",
    "an import over several lines":
      "from savepoint import (make_checkpoint,\n  ask)\nmake_checkpoint(1) # HERE",
    dvclive: "it.next_step() # HERE\nself.live.next_step() # HERE",
    "line ends of Windows": "def a(): pass\r\nmake_checkpoint() # HERE\r",
  },
  javascript: {
    "quotes in a regular expression": 'const r = /["\']/; makeCheckpoint(); // HERE\n"x"',
    "a quote in a regular expression as an argument":
      'text.replace(/"/g, "x");\nmakeCheckpoint(); // HERE\nfoo("a");',
    "a division": 'const a = b / c; const s = "x/"; makeCheckpoint(); // HERE',
    "a slash in a class of a regular expression": 'x.split(/[/"]/);\nmakeCheckpoint(); // HERE',
    "slashes and calls in regular expressions":
      "const r = /\\/\\/ makeCheckpoint()/;\nconst q = /makeCheckpoint()/;\nmakeCheckpoint(); // HERE",
    "code in a template": "log(`done ${await makeCheckpoint()}`); // HERE",
    "templates in templates":
      'const a = `x ${b ? `y ${c}` : "`"} makeCheckpoint()`;\nmakeCheckpoint(); // HERE',
    "braces in a template": "const a = `${ {a: {b: 1}}.a } makeCheckpoint()`;\nmakeCheckpoint(); // HERE",
    "a call in a function of one line": "function end() { makeCheckpoint(); } // HERE",
    "a division behind parentheses": 'const r = (a) / 2; const s = "/"; makeCheckpoint(); // HERE',
    "a first line for the shell": "#!/usr/bin/env node it's\nmakeCheckpoint(); // HERE",
    "a quote that is left open": '"abc\nmakeCheckpoint(); // HERE',
    "a private method": "this.#makeCheckpoint();",
  },
  javascriptreact: {
    "an apostrophe in JSX": "const a = <p>Don't stop</p>;\nmakeCheckpoint(); // HERE\nconst b = <p>It's</p>;",
  },
  typescriptreact: {
    "code in an attribute of JSX":
      "return <button onClick={() => makeCheckpoint({ step })}>Save</button>; // HERE",
    "the text of an element": "return <p>makeCheckpoint() saves</p>;\nmakeCheckpoint(); // HERE",
    "slashes in the text of an element":
      'return <a href="http://x">http://x makeCheckpoint()</a>;\nmakeCheckpoint(); // HERE',
  },
  typescript: {
    "a method of a class":
      "class A {\n  async makeCheckpoint(step: number) {\n  }\n}\nnew A().makeCheckpoint(1); // HERE",
    "an optional call": "client?.makeCheckpoint?.({}); // HERE",
    "type arguments": "makeCheckpoint<Metrics>({}); // HERE",
    declarations:
      "declare function makeCheckpoint(o: object): void;\nexport default function makeCheckpoint() {}\nexport const makeCheckpoint2 = 1;",
  },
  r: {
    "a raw text": 'x <- r"(it is "quoted" make_checkpoint() )"\nmake_checkpoint() # HERE',
    "a raw text with dashes": "x <- R'---[ a \" ' ]--' make_checkpoint() ]---'\nmake_checkpoint() # HERE",
    "a raw text with a backslash": 'x <- r"{C:\\}"\nmake_checkpoint() # HERE',
    "an apostrophe in a name": "`it's` <- 1\nmake_checkpoint() # HERE\n`isn't` <- 2",
    "a text over several lines": 'x <- "a\nmake_checkpoint()\n"\nmake_checkpoint() # HERE',
    "a namespace": "savepoint::make_checkpoint(step = 1) # HERE",
    "a list": "savepoint$make_checkpoint(step = 1) # HERE",
    "names with dots": "my.make_checkpoint(1)\nmake_checkpoint.old()",
    "an apostrophe in a comment": "# don't\nmake_checkpoint() # HERE isn't",
    "functions of one line":
      "cb <- \\(x) make_checkpoint(x) # HERE\nf <- function(x) make_checkpoint(x) # HERE",
  },
  julia: {
    "comments in comments": "#= a #= b =# make_checkpoint() =#\nmake_checkpoint() # HERE",
    "a quote as a letter": "c = '\"'\nmake_checkpoint() # HERE\nd = '\"'",
    "a # as a letter": "c = '#'; make_checkpoint() # HERE",
    "a transpose before a text": "y = x' * \"make_checkpoint()\" * z'\nmake_checkpoint() # HERE",
    "transposes and letters": "y = A[1]'; w = 'a'; s = f(x)'; make_checkpoint() # HERE",
    "code in a text": 'println("done $(make_checkpoint(step = 1))") # HERE',
    "a text in code in a text": 'x = "a $(f("b)")) make_checkpoint()"\nmake_checkpoint() # HERE',
    "quotes in three quotes": 'x = """\nit is "quoted" make_checkpoint()\n"""\nmake_checkpoint() # HERE',
    "raw texts": 'p = raw"C:\\\\"\nmake_checkpoint() # HERE\nq = raw"a\\"b"\nmake_checkpoint() # HERE',
    "commands in backticks":
      'run(`echo "make_checkpoint()"`)\nmake_checkpoint() # HERE\nrun(`echo it\'s make_checkpoint()`)',
    "a comment that is opened by its end": "a = [1] #=#\nmake_checkpoint()\n=#\nmake_checkpoint() # HERE",
    "a function of one line":
      "f(x) = make_checkpoint(step = x) # HERE\nx = make_checkpoint(step=1) # HERE\nif x == make_checkpoint() end # HERE",
    definitions:
      "make_checkpoint(; step) = 1\nfunction make_checkpoint(; step)\nend\nfunction f() make_checkpoint() end # HERE",
    "a macro before it": "@time make_checkpoint() # HERE\nSavepoint.make_checkpoint() # HERE",
    "a name with a !": "make_checkpoint!(1)",
  },
  shellscript: {
    "a here-document": "cat <<EOF\nsavepoint_make_checkpoint\ndon't\nEOF\nsavepoint_make_checkpoint # HERE",
    "a here-document with a quoted word":
      "cat <<'EOF'\nsavepoint_make_checkpoint $(savepoint_make_checkpoint)\nEOF\nsavepoint_make_checkpoint # HERE",
    "a here-document with tabs":
      "cat <<-END > x\n\tsavepoint_make_checkpoint\n\tEND\nsavepoint_make_checkpoint # HERE",
    "two here-documents":
      "cat <<A <<B\nsavepoint_make_checkpoint\nA\nsavepoint_make_checkpoint\nB\nsavepoint_make_checkpoint # HERE",
    "a here-document in a pipe": 'python3 - <<"PY" | tee x\nmake_checkpoint\nPY\nmake_checkpoint # HERE',
    "a here-string": "cat <<< EOF\nsavepoint_make_checkpoint # HERE\nEOF",
    "a shift": "x=$((1 << 3))\nsavepoint_make_checkpoint # HERE\n3",
    "a shift without blanks": "x=$((1<<EOF))\nsavepoint_make_checkpoint # HERE\n3",
    "a # in a parameter":
      'x=${#list}; savepoint_make_checkpoint # HERE\ny=${x#"it\'s"}; savepoint_make_checkpoint # HERE',
    "an escaped quote": "x=$'it\\'s'\nsavepoint_make_checkpoint # HERE\ny='a'",
    "a substitution in quotes":
      'x="$(savepoint_make_checkpoint)" # HERE\ny="$(echo "a savepoint_make_checkpoint" )"',
    "a substitution over several lines": 'x="$(\n  savepoint_make_checkpoint # HERE\n)"',
    "a quote behind a backslash": "echo it\\'s\nsavepoint_make_checkpoint # HERE\necho isn\\'t",
    "an escaped quote in quotes": 'echo "a \\" savepoint_make_checkpoint"\nsavepoint_make_checkpoint # HERE',
    "operators and conditions":
      "save && savepoint_make_checkpoint --step 1 || exit # HERE\nif savepoint_make_checkpoint; then :; fi # HERE\n! savepoint_make_checkpoint # HERE\nuntil savepoint_make_checkpoint; do :; done # HERE",
    "variables before it": "FOO=1 savepoint_make_checkpoint # HERE\ntime savepoint_make_checkpoint # HERE",
    backticks: "x=`savepoint_make_checkpoint` # HERE",
    functions:
      "f() { savepoint_make_checkpoint; } # HERE\nfunction savepoint_make_checkpoint { :; }\nsavepoint_make_checkpoint () { :; }",
    "an argument": "echo savepoint_make_checkpoint\nsavepoint_make_checkpoint_x\nx=savepoint_make_checkpoint",
    "a branch of case": "case $1 in\n  a) savepoint_make_checkpoint ;; # HERE\nesac",
    "a command over several lines":
      "echo \\\n  savepoint_make_checkpoint\nsavepoint_make_checkpoint --step 1 # HERE",
    "a # in a word": "echo a#b; savepoint_make_checkpoint # HERE",
  },
};

describe("calls are told from comments, texts and definitions", () => {
  for (const [language, cases] of Object.entries(hard)) {
    for (const [what, text] of Object.entries(cases)) {
      it(`${language}: ${what}`, () => {
        const expected = text.split("\n").flatMap((line, index) => (line.includes("HERE") ? [index] : []));
        assert.deepEqual(findCheckpointCalls(text, language), expected, text);
      });
    }
  }
});

describe("a source file", () => {
  const languages = Object.keys(hard);
  const openings = [
    "'",
    '"',
    '"""',
    "`",
    "`${",
    "/*",
    "#=",
    "<<A\n",
    '"$(',
    "r'(",
    'f"{',
    "<a>",
    "<a b=",
    "/[",
    "{/*",
  ];

  it("keeps its lines and its length, whatever is left open in it", () => {
    for (const language of languages) {
      for (const opening of openings) {
        const text = `a\n${opening}b\n\tc ${opening} d\r\n`;
        const { visible } = readSource(text, language);
        assert.equal(visible.length, text.length, `${language} ${opening}`);
        assert.deepEqual(visible.match(/\n/g), text.match(/\n/g), `${language} ${opening}`);
      }
    }
  });

  it("is read in a time that grows with its length alone", () => {
    for (const language of languages) {
      for (const opening of [
        ...openings,
        "make_checkpoint(",
        "makeCheckpoint<",
        "savepoint_make_checkpoint ",
      ]) {
        const text = `${opening.repeat(20_000)} make_checkpoint()`;
        const before = performance.now();
        findCheckpointCalls(text, language);
        // Steps that grow with the square of it would take minutes.
        assert.ok(performance.now() - before < 30_000, `${language} ${opening}`);
      }
    }
  });

  it("tells what its texts say, also where code stands in them", () => {
    const { strings } = readSource('f"a{b["c"]}d" + r\'e\\f\'', "python");
    assert.deepEqual(
      strings.map(({ content }) => content),
      ['a{b["c"]}d', "c", "e\\f"],
    );
  });
});
