import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatAddress, parseAddress } from "../../src/editor/files/checkpointAddress.ts";

const sha = "a".repeat(40);

describe("addresses of files in checkpoints", () => {
  it("say what they were made of", () => {
    for (const path of ["", "params.yaml", "data/train set/ä?#&=%.csv"]) {
      const address = { root: "/home/a b/ü&=+%", sha, reference: "amber-heron@12", path, below: null };
      assert.deepEqual(parseAddress(formatAddress(address)), address);
    }
  });

  it("end in the file's own name, so that language and icon are right", () => {
    const { path } = formatAddress({
      root: "/p",
      sha,
      reference: "amber-heron@12",
      path: "src/train.py",
      below: null,
    });
    assert.equal(path, "/amber-heron@12/src/train.py");
  });

  it("have the path of the workspace's file for a diff with it", () => {
    const address = { root: "/p", sha, reference: "a@1", path: "src/train.py", below: "/p" };
    const parts = formatAddress(address);
    assert.equal(parts.path, "/p/src/train.py");
    assert.deepEqual(parseAddress(parts), address);
    assert.equal(parseAddress({ ...parts, path: "/elsewhere/train.py" }), null);
  });

  it("may be written by a person", () => {
    assert.deepEqual(parseAddress({ path: "/amber-heron@best/dvc.yaml", query: "" }), {
      root: null,
      sha: null,
      reference: "amber-heron@best",
      path: "dvc.yaml",
      below: null,
    });
  });

  it("keep a name with a slash in one part", () => {
    const { path } = formatAddress({ root: null, sha, reference: "a/b@1", path: "c", below: null });
    assert.deepEqual(parseAddress({ path, query: "" })?.path, "c");
  });

  it("are none without a checkpoint, or with a commit that is no hash", () => {
    assert.equal(parseAddress({ path: "/", query: "" }), null);
    assert.equal(parseAddress({ path: "/a@1/b", query: "sha=HEAD" }), null);
    assert.equal(parseAddress({ path: "/a@1/b", query: `sha=--${sha}` }), null);
  });
});
