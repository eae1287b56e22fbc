import type { ChangedFile } from "../../engine/compare/changes.ts";
import type { DriftItem } from "../../engine/environment/drift.ts";
import type { ContinuedRequest } from "../../engine/run/request.ts";

export type ContinuingVerb = ContinuedRequest["verb"];

/** With what a run goes on: as things are now, with other parameters, or with the code of the checkpoint. */
export type ContinuingWay = "as-is" | "changed-params" | "own-code";

/** All that decides what going on from a checkpoint can mean, and what a person should know before. */
export interface ResumeFacts {
  readonly asked: ContinuingVerb;
  readonly way: ContinuingWay;
  readonly experiment: string;
  /** Where the checkpoint stands, in words: `epoch 12`. */
  readonly place: string;
  /** Checkpoints of the experiment after it. */
  readonly after: number;
  /** Whether the experiment recorded it itself, and not the line that it was forked from. */
  readonly isOwn: boolean;
  /** Whether other experiments end at it too. */
  readonly isShared: boolean;
  /** Whether the experiment is running. */
  readonly isRunning: boolean;
  /** The experiment that runs in the workspace, so that there is no room for another one; `null`: none. */
  readonly busyWith: string | null;
  /** Code, parameters and dependencies that changed since. */
  readonly changes: readonly ChangedFile[];
  readonly drift: readonly DriftItem[];
}

/**
 * What can be done, the safest first. A checkpoint that is not the last, or that others end at, is never resumed: fork
 * loses nothing, and only the experiment's own checkpoints are rewound to. Empty when nothing can be done now.
 */
export function offeredVerbs(facts: Omit<ResumeFacts, "changes" | "drift">): readonly ContinuingVerb[] {
  const { asked, after, isOwn, isShared, isRunning } = facts;
  if (asked === "fork") return ["fork"];
  if (asked === "rewind") return isRunning ? [] : ["rewind"];
  if (isRunning || isShared) return ["fork"];
  if (after === 0) return ["resume"];
  return isOwn ? ["fork", "rewind"] : ["fork"];
}

/** What a preview offers: where a resume was asked for, fork as well, as the one that changes nothing that is there. */
export function shownVerbs(facts: Omit<ResumeFacts, "changes" | "drift">): readonly ContinuingVerb[] {
  const verbs = offeredVerbs(facts);
  return facts.asked === "resume" && !verbs.includes("fork") ? [...verbs, "fork"] : verbs;
}

/** When the preview comes although there is nothing to choose. */
export type PreviewSetting = "always" | "whenChanged" | "never";

/**
 * Whether a person is asked before anything happens: where there is a choice, or where what happens is not what the
 * button said; else as they want it. Changed parameters are asked for anyway, so that nothing else is.
 */
export function needsPreview(facts: ResumeFacts, setting: PreviewSetting): boolean {
  const verbs = offeredVerbs(facts);
  if (verbs.length !== 1 || verbs[0] !== facts.asked) return true;
  if (facts.way === "changed-params") return false;
  if (facts.way === "as-is" && facts.busyWith !== null) return true;
  if (setting !== "whenChanged") return setting === "always";
  const isChanged = facts.changes.length > 0 || facts.drift.length > 0;
  // Rewinding cuts off what came after: that is told before.
  return isChanged || (facts.asked === "rewind" && facts.after > 0);
}
