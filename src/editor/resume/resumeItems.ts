import * as l10n from "@vscode/l10n";
import { changesText } from "../../engine/compare/changes.ts";
import { driftText } from "../../engine/environment/drift.ts";
import { type ContinuingVerb, type ResumeFacts, shownVerbs } from "./resumeFacts.ts";

/** What a person can choose in the preview. */
export type ResumeAnswer =
  | {
      readonly kind: "start";
      readonly verb: ContinuingVerb;
      readonly code: "workspace" | "checkpoint";
      readonly place: "workspace" | "isolated";
    }
  | { readonly kind: "params"; readonly verb: ContinuingVerb }
  | { readonly kind: "changes" };

/** A row of the preview, without VS Code's classes; `answer` is `null` for a heading. */
export interface ResumeItem {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly answer: ResumeAnswer | null;
}

/** `Resume amber-heron from epoch 12` */
export function resumeTitle({
  asked,
  experiment,
  place,
}: Pick<ResumeFacts, "asked" | "experiment" | "place">): string {
  switch (asked) {
    case "resume":
      return l10n.t("Resume {0} from {1}", experiment, place);
    case "fork":
      return l10n.t("Fork {0} from {1}", experiment, place);
    case "rewind":
      return l10n.t("Rewind {0} to {1}", experiment, place);
  }
}

/** The question above the rows: why it is asked, or what changed since. */
export function resumeQuestion(facts: ResumeFacts): string {
  const { asked, experiment, after, isShared, isRunning, busyWith } = facts;
  if (asked === "resume" && isRunning) {
    return l10n.t("{0} is running, so training goes on in an experiment of its own", experiment);
  }
  if (asked === "resume" && after > 0) {
    return l10n.t("This is not its last checkpoint. How should training go on?");
  }
  if (asked === "resume" && isShared) {
    return l10n.t("Other experiments end at this checkpoint too, so training goes on in one of its own");
  }
  const since = sinceText(facts);
  if (since !== "") return l10n.t("Changed since then: {0}", since);
  if (busyWith !== null && facts.way === "as-is") return l10n.t("{0} runs in the workspace", busyWith);
  return l10n.t("Code, parameters and packages are as they were then");
}

/** The rows: what can be started with the current code, then with the checkpoint's own, then what can be done before. */
export function resumeItems(facts: ResumeFacts): readonly ResumeItem[] {
  const verbs = shownVerbs(facts);
  if (facts.way === "changed-params") {
    return verbs.map((verb) => ({ ...verbItem(verb, facts), answer: { kind: "params", verb } }));
  }
  const isolatedText = l10n.t("Isolated: the workspace stays as it is");
  const own = verbs.map((verb): ResumeItem => {
    const item = verbItem(verb, facts);
    // Where both are offered, the rows above say the rest.
    const shown =
      facts.way === "own-code" ? withDetail(item, isolatedText) : { ...item, detail: isolatedText };
    return { ...shown, answer: { kind: "start", verb, code: "checkpoint", place: "isolated" } };
  });
  if (facts.way === "own-code") return own;
  const hasOwnCode = facts.changes.length > 0;
  return [
    ...(hasOwnCode ? [heading(l10n.t("With the current code and parameters"))] : []),
    ...verbs.map((verb) => currentItem(verb, facts)),
    ...(hasOwnCode ? [heading(l10n.t("With the checkpoint's own code and parameters")), ...own] : []),
    heading(l10n.t("Change or look first")),
    ...verbs.slice(0, 1).map(paramsItem),
    ...changesItems(facts),
  ];
}

function currentItem(verb: ContinuingVerb, facts: ResumeFacts): ResumeItem {
  const { busyWith } = facts;
  const place = busyWith === null ? "workspace" : "isolated";
  const item = verbItem(verb, facts);
  const shown =
    busyWith === null ? item : withDetail(item, l10n.t("Isolated, as {0} runs in the workspace", busyWith));
  return { ...shown, answer: { kind: "start", verb, code: "workspace", place } };
}

function verbItem(
  verb: ContinuingVerb,
  { experiment, place, after }: ResumeFacts,
): Omit<ResumeItem, "answer"> {
  switch (verb) {
    case "resume":
      return {
        label: `$(debug-continue) ${l10n.t("Resume")}`,
        description: l10n.t("{0} goes on from {1}", experiment, place),
      };
    case "fork":
      return {
        label: `$(repo-forked) ${l10n.t("Fork")}`,
        description: l10n.t("a new experiment from {0}", place),
        detail: l10n.t("{0} stays as it is", experiment),
      };
    case "rewind":
      return {
        label: `$(debug-step-back) ${l10n.t("Rewind")}`,
        description: l10n.t("{0} goes on from {1}", experiment, place),
        ...(after === 0 ? {} : { detail: keptText(after) }),
      };
  }
}

function keptText(after: number): string {
  return after === 1
    ? l10n.t("The 1 checkpoint after it is kept as an experiment of its own")
    : l10n.t("The {0} checkpoints after it are kept as an experiment of their own", after);
}

function withDetail(item: Omit<ResumeItem, "answer">, where: string): Omit<ResumeItem, "answer"> {
  return { ...item, detail: item.detail === undefined ? where : `${item.detail} · ${where}` };
}

function paramsItem(verb: ContinuingVerb): ResumeItem {
  return {
    label: `$(settings) ${l10n.t("Change Parameters…")}`,
    description: l10n.t("one value, or several to be tried"),
    answer: { kind: "params", verb },
  };
}

function changesItems(facts: ResumeFacts): readonly ResumeItem[] {
  const { changes, drift } = facts;
  if (changes.length === 0 && drift.length === 0) return [];
  const environment = driftText(drift, 4);
  return [
    {
      label: `$(diff-multiple) ${l10n.t("Show Changes")}`,
      description: changes.length === 0 ? l10n.t("in the environment") : changesText(changes, 3),
      ...(environment === "" ? {} : { detail: `$(package) ${environment}` }),
      answer: { kind: "changes" },
    },
  ];
}

function sinceText({ changes, drift }: ResumeFacts): string {
  return [changesText(changes), driftText(drift)].filter((part) => part !== "").join("; ");
}

function heading(label: string): ResumeItem {
  return { label, answer: null };
}
