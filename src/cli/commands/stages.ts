import type { Stage, StageStatus } from "../../engine/pipeline/stage.ts";
import { type Command, exitCodes, printJson } from "../command.ts";
import { withEngine } from "../session.ts";
import { formatTable } from "../table.ts";

/** `savepoint stages`: the resolved stages, each with why it would run. Problems in the files go to standard error. */
export const stages: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const { pipeline, statuses } = await engine.refreshPipeline();
    for (const { file, range, message } of pipeline.problems) {
      terminal.tell(`savepoint: ${file}:${range.start.line + 1}: ${message}`);
    }
    if (invocation.options.json) {
      printJson(terminal, {
        stages: pipeline.stages.map((stage) => stageJson(stage, statuses.get(stage.address))),
        problems: pipeline.problems,
      });
    } else if (pipeline.stages.length > 0) {
      const rows = pipeline.stages.map((stage) => [
        stage.address,
        describeStatus(statuses.get(stage.address)),
        stage.commands.join(" && "),
      ]);
      terminal.print(formatTable([{ title: "STAGE" }, { title: "STATUS" }, { title: "COMMAND" }], rows));
    } else if (pipeline.problems.length === 0) {
      terminal.tell(
        "savepoint: there is no dvc.yaml with stages here; create one, or give its folder with -C.",
      );
    }
    return pipeline.problems.some(({ severity }) => severity === "error") ? exitCodes.failed : exitCodes.done;
  });

function describeStatus(status: StageStatus | undefined): string {
  switch (status?.kind) {
    case "up-to-date":
      return "up to date";
    case "changed":
      return status.reasons.join(", ");
    case "never-run":
      return "never run";
    case "blocked":
      return `cannot run: ${status.reason}`;
    case undefined:
      return "unknown";
  }
}

function stageJson(stage: Stage, status: StageStatus | undefined) {
  return {
    name: stage.name,
    address: stage.address,
    file: stage.file,
    cmd: stage.lockedCommand,
    wdir: stage.workingDirectory,
    deps: stage.dependencies,
    params: stage.params,
    outs: stage.outputs,
    frozen: stage.frozen,
    status: status ?? null,
  };
}
