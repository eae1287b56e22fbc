import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailure } from "../../src/engine/store/failures.ts";
import { GitError } from "../../src/engine/system/git.ts";

test("names the folder instead of a temporary file of ours, and what to do", () => {
  const error = Object.assign(new Error("EROFS"), {
    code: "EROFS",
    path: "/home/ada/vision/.dvc/tmp/savepoint/listener/draft-vm.17410.e14e4c94",
  });
  const { reason, message } = describeFailure(error, "The run could not be started");
  assert.equal(reason, "read-only");
  assert.equal(
    message,
    "The run could not be started: /home/ada/vision/.dvc/tmp: the disk is read-only; make it writable, then try again.",
  );
});

test("names files of the project as they are", () => {
  const error = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", path: "/home/ada/vision/model.pt" });
  const { message } = describeFailure(error, "Not taken");
  assert.equal(
    message,
    "Not taken: /home/ada/vision/model.pt: the disk is full; free some space, then try again.",
  );
});

for (const words of ["No space left on device", "write error. Out of diskspace"]) {
  test(`understands Git's words for a full disk: ${words}`, () => {
    const error = new GitError(["write-tree"], {
      stdout: Buffer.alloc(0),
      stderr: `fatal: sha1 file 'index.lock' ${words}\n`,
      code: 128,
    });
    assert.equal(describeFailure(error, "Not stored").reason, "disk-full");
  });
}
