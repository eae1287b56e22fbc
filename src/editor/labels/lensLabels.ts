import * as l10n from "@vscode/l10n";
import type { Checkpoint } from "../../engine/model.ts";
import type { StageCause, StageStatus } from "../../engine/pipeline/stage.ts";
import type { Run } from "../../engine/run/run.ts";
import { checkpointPlace } from "./checkpointLabels.ts";
import { escapeIcons } from "./rowText.ts";
import { runProgressText } from "./runLabels.ts";
import { stageStatusText } from "./stageLabels.ts";

/** What a lens says and does. The verbs are the slots of a line; their order never changes. */
export interface LensText {
  readonly title: string;
  readonly tooltip: string;
  readonly action:
    | "run"
    | "stop"
    | "resume"
    | "debug"
    | "debugStage"
    | "record"
    | "pick"
    | "compare"
    | "terminal"
    | "learn"
    | "problems"
    | "none";
}

/** What the lenses of a stage depend on. */
export interface StageLensState {
  /** The live run that is at this stage. */
  readonly run: Run | null;
  /** The newest checkpoint of the stage; `null` for a stage that does not train, which there is no use in resuming. */
  readonly newest: Checkpoint | null;
  /** What the stage uses that is other than at its newest checkpoint. */
  readonly changed: readonly StageCause[];
  /** Checkpoints of the stage in all experiments. */
  readonly count: number;
  /** Generated stages with checkpoints: more than one where `foreach` or `matrix` stands. */
  readonly variants: number;
  readonly status: StageStatus | undefined;
  /** Whether the saved file has such a stage, and no error in it. */
  readonly isRunnable: boolean;
  /** Whether its definition says that it makes training checkpoints. */
  readonly isTraining: boolean;
  /** Whether its command can be started under a debugger that this window has. */
  readonly isDebuggable: boolean;
}

/** The lenses above a stage in `dvc.yaml`: two, and two more as soon as there is a checkpoint. */
export function stageLenses(state: StageLensState): readonly LensText[] {
  if (!state.isRunnable) return [notRunnable()];
  const first = [runOrStop(state.run), resumeOrProgress(state)];
  if (state.newest === null) return first;
  return [
    ...first,
    {
      title: `$(history) ${checkpointCount(state.count)}…`,
      tooltip: l10n.t("Pick a training checkpoint of this stage"),
      action: "pick",
    },
    {
      title: `$(git-compare) ${l10n.t("Compare")}`,
      tooltip: l10n.t("Compare the experiments of this stage"),
      action: "compare",
    },
  ];
}

/** The lenses above a call of `make_checkpoint()`, or a line that loads what is saved: as many at any time. */
export function callLenses(state: StageLensState): readonly LensText[] {
  if (state.run !== null) {
    return [...runAndProgress(state), ...whenDebuggable(state, recordNow(state.run))];
  }
  if (state.newest === null) return [...runAndProgress(state), ...whenDebuggable(state, debugStage())];
  return [
    resumeOrProgress(state),
    ...whenDebuggable(state, isFinished(state.newest) ? debugStage() : debugFrom(state.newest)),
    {
      title: `$(history) ${l10n.t("Pick…")}`,
      tooltip: l10n.t("Pick one of {0} training checkpoints", state.count),
      action: "pick",
    },
  ];
}

function runAndProgress(state: StageLensState): readonly LensText[] {
  return [runOrStop(state.run), resumeOrProgress(state)];
}

function whenDebuggable({ isDebuggable }: StageLensState, lens: LensText): readonly LensText[] {
  return isDebuggable ? [lens] : [];
}

function debugStage(): LensText {
  return {
    title: `$(debug-alt) ${l10n.t("Debug")}`,
    tooltip: l10n.t("Run this stage from the start under the debugger, as an experiment of its own"),
    action: "debugStage",
  };
}

function debugFrom(newest: Checkpoint): LensText {
  return {
    title: `$(debug-alt) ${l10n.t("Debug from {0}", checkpointPlace(newest))}`,
    tooltip: l10n.t(
      "Restore the state of {0} and go on under the debugger, as an experiment of its own",
      newest.experiment,
    ),
    action: "debug",
  };
}

function recordNow(run: Run): LensText {
  if (run.readOnly) {
    return {
      title: `$(output) ${l10n.t("Output")}`,
      tooltip: l10n.t("Show what {0} has written to its terminal", run.experiment),
      action: "terminal",
    };
  }
  return {
    title: `$(save) ${l10n.t("Record Now")}`,
    tooltip: l10n.t("Record a checkpoint of the files as they are"),
    action: "record",
  };
}

/** `1 checkpoint`, `12 checkpoints`. */
export function checkpointCount(count: number): string {
  return count === 1 ? l10n.t("1 checkpoint") : l10n.t("{0} checkpoints", count);
}

function notRunnable(): LensText {
  return {
    title: `$(warning) ${l10n.t("Not ready to run")}`,
    tooltip: l10n.t("Save the file; if this stays, the Problems panel says what is wrong"),
    action: "problems",
  };
}

function runOrStop(run: Run | null): LensText {
  if (run === null) {
    return {
      title: `$(play) ${l10n.t("Run")}`,
      tooltip: l10n.t("Run this stage from the start"),
      action: "run",
    };
  }
  if (run.readOnly) {
    return {
      title: `$(eye) ${l10n.t("Runs elsewhere")}`,
      tooltip: l10n.t(
        "{0} was started in another window or terminal, and can be stopped there",
        run.experiment,
      ),
      action: "none",
    };
  }
  return {
    title: `$(debug-stop) ${l10n.t("Stop")}`,
    tooltip: l10n.t("End the whole process of {0}; its checkpoints stay", run.experiment),
    action: "stop",
  };
}

function resumeOrProgress({ run, newest, changed, variants, status, isTraining }: StageLensState): LensText {
  if (run !== null) {
    return {
      title: `$(pulse) ${runProgressText(run) || l10n.t("running")}`,
      tooltip: run.readOnly
        ? l10n.t("Show what {0} has written to its terminal", run.experiment)
        : l10n.t("Show the terminal of {0}", run.experiment),
      action: "terminal",
    };
  }
  if (newest !== null && isFinished(newest) && status?.kind === "up-to-date") {
    return {
      title: `$(check) ${l10n.t("Done")}`,
      tooltip: l10n.t(
        "Nothing changed since {0}. Change a parameter or the code to train on",
        checkpointPlace(newest),
      ),
      action: "pick",
    };
  }
  if (newest !== null && variants > 1) {
    return {
      title: `$(debug-continue) ${l10n.t("Resume one of {0}…", variants)}`,
      tooltip: l10n.t("Continue one of the stages that this definition generates from its newest checkpoint"),
      action: "resume",
    };
  }
  if (newest !== null) {
    const title = l10n.t("Resume from {0}", checkpointPlace(newest));
    const since = changedText(changed);
    const tooltip = l10n.t("Continue {0} from its newest training checkpoint", newest.experiment);
    return {
      title: `$(debug-continue) ${since === null ? title : l10n.t("{0} ({1})", title, since)}`,
      tooltip: [tooltip, ...changed.map(({ text }) => `• ${text}`)].join("\n"),
      action: "resume",
    };
  }
  if (isTraining) {
    return {
      title: l10n.t("No training checkpoints yet"),
      tooltip: l10n.t("See how code asks for training checkpoints"),
      action: "learn",
    };
  }
  return { title: status === undefined ? "…" : stageStatusText(status), tooltip: "", action: "none" };
}

/** `train.py changed`, `3 files changed`; `null` when nothing is known to have. */
function changedText(changed: readonly StageCause[]): string | null {
  const paths = new Set(changed.flatMap(({ path }) => path ?? []));
  const [only] = paths;
  if (only === undefined) return null;
  if (paths.size > 1) return l10n.t("{0} files changed", paths.size);
  return l10n.t("{0} changed", escapeIcons(only.slice(only.lastIndexOf("/") + 1)));
}

/** Whether its run came to its end, so that going on from it with nothing changed would do nothing. */
function isFinished({ kind, annotations }: Checkpoint): boolean {
  return kind === "stage-end" || annotations.end?.state === "succeeded";
}
