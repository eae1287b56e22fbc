import assert from "node:assert/strict";
import { test } from "node:test";
import { ignoreRules } from "../../../src/engine/pipeline/ignore.ts";

function rules(files: { readonly [path: string]: string }) {
  return ignoreRules((path) => files[path] ?? null);
}

test("passes over what the patterns name, and all below", () => {
  const isIgnored = rules({
    ".dvcignore": "# words\n*.tmp\n/top\nfolder/\na/**/z\n**/deep/x\n[ab]?.txt\n\\#odd\nsp ace\n",
  });
  for (const path of [
    "x.tmp",
    "d/x.tmp",
    "top",
    "top/inside",
    "a/z",
    "a/b/c/z",
    "q/deep/x",
    "deep/x",
    "a1.txt",
    "#odd",
    "sp ace",
  ]) {
    assert.ok(isIgnored(path, false), path);
  }
  for (const path of ["x.tmpx", "d/top", "folder", "a/zz", "c1.txt", "a12.txt", "deep/y", "words"])
    assert.ok(!isIgnored(path, false), path);
  assert.ok(isIgnored("folder", true));
  assert.ok(isIgnored("d/folder/file", false));
});

test("takes back with !, and lets the file of an inner folder count last", () => {
  const isIgnored = rules({ ".dvcignore": "*.log\n!keep.log\n", "in/.dvcignore": "!*.log\n/own\n" });
  assert.ok(isIgnored("a.log", false));
  assert.ok(!isIgnored("keep.log", false));
  assert.ok(!isIgnored("in/a.log", false));
  assert.ok(isIgnored("in/own", false));
  assert.ok(!isIgnored("own", false));
});

test("always passes over the folders of Git and DVC", () => {
  const isIgnored = rules({});
  assert.ok(
    isIgnored(".git", true) &&
      isIgnored(".dvc", true) &&
      isIgnored("sub/.git", true) &&
      isIgnored(".dvc/cache/x", false),
  );
  assert.ok(
    !isIgnored(".dvcignore", false) &&
      !isIgnored("x.dvc", false) &&
      !isIgnored("", true) &&
      !isIgnored("../x", false),
  );
});

test("passes over patterns that mean nothing", () => {
  const isIgnored = rules({ ".dvcignore": "[z-a]\n/\n!\n[\n(\n" });
  assert.ok(!isIgnored("x", false));
  assert.ok(isIgnored("(", false));
});
