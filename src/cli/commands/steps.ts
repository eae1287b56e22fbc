import { formatDuration, relativeTime } from "../../engine/compare/present.ts";
import { loadPipeline } from "../../engine/pipeline/load.ts";
import { listSteps, matchesKey } from "../../engine/steps/keyedSteps.ts";
import { type Command, exitCodes, printJson } from "../command.ts";
import { withEngine } from "../session.ts";
import { formatTable } from "../table.ts";

/** `savepoint steps`: the steps of the stages' code that are done and will be skipped, as the workspace has them. */
export const steps: Command = (invocation, terminal) =>
  withEngine(invocation, terminal, async (engine) => {
    const { stages } = await loadPipeline(engine.project);
    const pattern = invocation.words[0];
    const found = listSteps(engine.project, stages).filter(
      ({ key }) => pattern === undefined || matchesKey(key, pattern),
    );
    if (invocation.options.json) {
      printJson(terminal, {
        steps: found.map(({ finishedAt, ...step }) => ({
          ...step,
          finishedAt: finishedAt === null ? null : new Date(finishedAt).toISOString(),
        })),
      });
    } else if (found.length === 0) {
      terminal.tell(
        pattern === undefined
          ? "savepoint: no step is done; docs/protocol.md tells how code does work only once."
          : `savepoint: no step fits ${pattern}; savepoint steps shows all.`,
      );
    } else {
      const rows = found.map(({ key, stage, finishedAt, seconds, where }) => [
        key,
        stage,
        finishedAt === null ? "" : relativeTime(finishedAt, terminal.now),
        seconds === null ? "" : formatDuration(seconds * 1000),
        where ?? "",
      ]);
      const columns = [
        { title: "STEP" },
        { title: "STAGE" },
        { title: "DONE" },
        { title: "TOOK", align: "right" },
        { title: "WHERE" },
      ] as const;
      terminal.print(formatTable(columns, rows));
    }
    return exitCodes.done;
  });
