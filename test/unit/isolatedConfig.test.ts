import assert from "node:assert/strict";
import { test } from "node:test";
import { withCacheDirectory } from "../../src/engine/isolated/localConfig.ts";
import { parseConfig } from "../../src/engine/system/dvcConfig.ts";

const directory = "/home/ada/project/.dvc/cache";

for (const [what, text, expected] of [
  ["no settings", "", `[cache]\n    dir = ${directory}\n`],
  [
    "other sections",
    "[core]\n    remote = store\n",
    `[core]\n    remote = store\n[cache]\n    dir = ${directory}\n`,
  ],
  [
    "a cache of its own",
    "[cache]\n    dir = ../elsewhere\n    type = symlink\n['remote \"store\"']\n    url = s3://a\n",
    `[cache]\n    dir = ${directory}\n    type = symlink\n['remote "store"']\n    url = s3://a\n`,
  ],
  ["no newline at the end", "[cache]\n    type = copy", `[cache]\n    dir = ${directory}\n    type = copy\n`],
] as const) {
  test(`the cache of a worktree, over ${what}`, () => {
    const result = withCacheDirectory(text, directory);
    assert.equal(result, expected);
    assert.equal(parseConfig(result).get("cache")?.get("dir"), directory);
    assert.equal(withCacheDirectory(result, directory), result);
  });
}

test("a folder whose name would end the value is quoted", () => {
  const odd = "/home/ada/my #1, project";
  assert.equal(parseConfig(withCacheDirectory("", odd)).get("cache")?.get("dir"), odd);
});

test("a line of DVC's configuration is read in one go, however long it is", () => {
  const blank = " ".repeat(200_000);
  for (const line of [
    `[${blank}x`,
    `a${blank}b`,
    `a = ${blank}"x" ${blank}#`,
    `a = b${blank}c`,
    `[a]${blank}b`,
  ]) {
    const config = parseConfig(
      `${line}\n ['remote "x"'] # the store\n\tUrl = "a # b" # c\nplain = d # e\n# f = g\n`,
    );
    assert.deepEqual(
      [...(config.get('remote "x"') ?? [])],
      [
        ["url", "a # b"],
        ["plain", "d"],
      ],
    );
  }
});
