import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { Hasher } from "../../src/engine/store/hasher.ts";
import { type DvcEnvironment, dvcEnvironment } from "../support/dvcEnvironment.ts";
import { workerPath } from "../support/recording.ts";
import { type TemporaryFolder, temporaryFolder, temporaryProject } from "../support/temporaryProject.ts";

describe("links in outputs, as DVC 3 takes them", { timeout: 20 * 60_000 }, () => {
  let home: TemporaryFolder;
  let dvc: DvcEnvironment;

  before(async () => {
    home = await temporaryFolder();
    dvc = await dvcEnvironment(home.root);
  });
  after(() => home?.dispose());

  test("files behind links count wherever they are, folders behind links only for a whole output", async (t) => {
    const elsewhere = await temporaryFolder();
    t.after(elsewhere.dispose);
    await elsewhere.write({ "weights.bin": "far", "folder/deep.bin": "farther" });
    const project = await temporaryProject({
      "dvc.yaml": `stages:
  all:
    cmd: exit 1
    outs: [mixed, whole, single]
`,
    });
    t.after(project.dispose);
    await project.write({ "mixed/own.bin": "own" });
    await dvc.dvc(project.root, ["init", "--quiet"]);
    await symlink("own.bin", project.path("mixed/inside"));
    await symlink(elsewhere.path("weights.bin"), project.path("mixed/outside"));
    await symlink(elsewhere.path("folder"), project.path("mixed/folder"));
    await symlink(elsewhere.path("folder"), project.path("whole"));
    await symlink(elsewhere.path("weights.bin"), project.path("single"));
    const hasher = new Hasher(workerPath);
    t.after(() => hasher.dispose());
    const outputs = ["mixed", "whole", "single"];
    // Before DVC, which puts copies in the places of links.
    const found = await Promise.all(outputs.map((path) => hasher.hashPath(project.path(path), false)));
    await dvc.dvc(project.root, ["commit", "--force"]);
    const { outs } = parse(await project.read("dvc.lock")).stages.all;
    assert.deepEqual(
      outputs.map((path, index) => ({ path, md5: found[index]?.hash, size: found[index]?.size })),
      outputs.map((path) => {
        const { md5, size } = outs.find((out: { path: string }) => out.path === path);
        return { path, md5, size };
      }),
    );
  });
});
