import assert from "node:assert/strict";
import { languages, Uri } from "vscode";
import { until } from "../../support/poll.ts";
import { root, write } from "./window.ts";

const limit = 60_000;

describe("problems in a pipeline file", function () {
  this.timeout(240_000);
  const path = "broken/dvc.yaml";
  const diagnostics = () =>
    languages.getDiagnostics(Uri.file(`${root()}/${path}`)).filter(({ source }) => source === "Savepoint");

  after(() => write(path, "stages: {}\n"));

  it("appear at their place when the file is written", async () => {
    await write(path, "stages:\n  train:\n    deps:\n      - data.csv\n");
    const [problem] = await until(
      () => (diagnostics().length > 0 ? diagnostics() : null),
      limit,
      "a problem",
    );
    assert.match(problem?.message ?? "", /cmd/);
    assert.equal(problem?.range.start.line, 2);
  });

  it("go away when the file is repaired", async () => {
    await write(path, "stages:\n  train:\n    cmd: echo trained\n");
    await until(() => diagnostics().length === 0, limit, "the problem to go away");
  });
});
