import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { workerPath } from "../support/recording.ts";
import { type TemporaryFolder, temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

/** Files that DVC may leave out of a directory, for each reason that it knows. */
const files = [
  "a.bin",
  "a.tmp",
  "sub/keep.tmp",
  "sub/other.tmp",
  "logs/x.txt",
  "deep/logs/y.txt",
  "cached/z",
  "cached.bin",
  ".DS_Store",
  ".gitignore",
  ".hg/store",
  "git/.git/config",
  "module/.git",
  "other/.git2",
  "hg/.hg",
  "project/.dvc/config",
  "project/data.bin",
  "plain/.dvc",
  "wörk/ü.tmp",
  "[odd]/x1",
];

const rules = [
  "# words",
  "*.tmp",
  "!/out/weights/sub/keep.tmp",
  "/out/weights/logs/",
  "cached*",
  "!cached.bin",
  "\\[odd\\]/x[0-9]",
  "",
];

describe(".dvcignore inside of output directories, as DVC 3 applies it", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let dvc: DvcEnvironment;

  before(async () => {
    home = await temporaryFolder();
    dvc = await dvcEnvironment(home.root);
  });
  after(() => home?.dispose());

  for (const [name, ignores] of [
    ["no rules", {}],
    ["rules at the top", { ".dvcignore": rules.join("\n") }],
    [
      "rules in two folders",
      { ".dvcignore": rules.join("\n"), "out/.dvcignore": "*.bin\n!/weights/a.bin\n!*.tmp\n" },
    ],
  ] as const) {
    test(name, async (t) => {
      const project = await temporaryProject({});
      t.after(project.dispose);
      await dvc.dvc(project.root, ["init", "--quiet"]);
      await project.write(Object.fromEntries(files.map((path) => [`out/weights/${path}`, path])));
      await project.write(ignores);
      await dvc.dvc(project.root, ["add", "--quiet", "out/weights"]);
      const tracked = await project.read("out/weights.dvc");
      const hasher = new Hasher(workerPath);
      t.after(() => hasher.dispose());
      const found = await hasher.hashPath(project.path("out/weights"), false);
      assert.deepEqual(
        [found?.hash, found?.fileCount],
        [/md5: (\S+\.dir)/.exec(tracked)?.[1], Number(/nfiles: (\d+)/.exec(tracked)?.[1])],
        tracked,
      );
    });
  }
});
