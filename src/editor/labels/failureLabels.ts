import * as l10n from "@vscode/l10n";
import type { Checkpoint } from "../../engine/model.ts";
import type { Run } from "../../engine/run/run.ts";
import { positionText, stageName } from "./runLabels.ts";

/** What a person is told once about a run that failed. */
export interface FailureText {
  /** `train of amber-heron failed at 12/40: exit code 3.` */
  readonly message: string;
  /** From where it can go on; `null` when its stage has recorded nothing. */
  readonly resumable: Checkpoint | null;
}

/** `last` is the last checkpoint of the run's experiment. */
export function failureText(run: Run, last: Checkpoint | null): FailureText {
  const failed = run.stages.find(({ state }) => state === "failed");
  const stage = stageName(failed?.stage ?? run.progress.stage);
  const what = stage === null ? run.experiment : l10n.t("{0} of {1}", stage, run.experiment);
  const position = positionText(run.progress.step, run.progress.total);
  const place = position === null || run.progress.step === 0 ? "" : ` ${l10n.t("at {0}", position)}`;
  return {
    message: l10n.t("{0} failed{1}{2}", what, place, cause(failed?.reason ?? "")),
    resumable: last !== null && last.stage === (failed?.stage ?? null) ? last : null,
  };
}

/** The reason that the stage's end gave, in one line. */
function cause(reason: string): string {
  const [line = ""] = reason.trim().split("\n", 1);
  return line === "" ? "." : `: ${line.replace(/\.$/, "")}.`;
}
