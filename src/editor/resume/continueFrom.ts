import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { viewIds } from "../../contract.ts";
import type { ContinuedRequest } from "../../engine/run/request.ts";
import { showProblem } from "../base/messages.ts";
import { readSetting } from "../base/settings.ts";
import { startRun } from "../commands/startRun.ts";
import { type FoundCheckpoint, stagesOf } from "../commands/targets.ts";
import { modifyAndRun } from "../params/modifyAndRun.ts";
import { type Choice, pickOne, separator } from "../pickers/pick.ts";
import type { Services } from "../services.ts";
import { gatherFacts, knownFacts } from "./gatherFacts.ts";
import {
  type ContinuingVerb,
  type ContinuingWay,
  needsPreview,
  offeredVerbs,
  type ResumeFacts,
} from "./resumeFacts.ts";
import {
  type ResumeAnswer,
  type ResumeItem,
  resumeItems,
  resumeQuestion,
  resumeTitle,
} from "./resumeItems.ts";

/**
 * Goes on from a checkpoint, by one flow from every place: what would be resumed is shown in one question, where there
 * is something to know or to choose, before anything is written. `isReviewed`: the person has just looked at it.
 */
export async function continueFrom(
  services: Services,
  found: FoundCheckpoint,
  asked: ContinuingVerb,
  way: ContinuingWay,
  isReviewed = false,
): Promise<void> {
  const setting = isReviewed ? "never" : readSetting("savepoint.resume.preview");
  const known = { ...knownFacts(found, asked, way), changes: [], drift: [] };
  const [verb, ...others] = offeredVerbs(known);
  if (verb === undefined) {
    const message = l10n.t("{0} is running. Stop it first, or fork: that leaves it alone.", known.experiment);
    await showProblem({ reason: "running", message }, services.log);
    return;
  }
  const isPlain = others.length === 0 && verb === asked;
  // What nobody is to be told needs not be read.
  const isToldNothing = isPlain && (setting === "never" || way === "changed-params");
  const facts = isToldNothing ? known : await factsOf(found, asked, way);
  const answer = needsPreview(facts, setting) ? await askForAnswer(facts) : plainAnswer(verb, way);
  if (answer !== null) await carryOut(services, found, answer);
}

/** Does what was chosen in a preview. */
export async function carryOut(
  services: Services,
  found: FoundCheckpoint,
  answer: ResumeAnswer,
): Promise<void> {
  const { engine, checkpoint } = found;
  if (answer.kind === "changes") {
    await services.changes.show(found);
    return;
  }
  if (answer.kind === "params") {
    await changeParams(services, found, { verb: answer.verb, checkpoint });
    return;
  }
  const { verb, code, place } = answer;
  await startRun(services, engine, { verb, checkpoint, code, place });
}

/** What there is to know before going on, while the view shows that it is being read. */
export function factsOf(
  found: FoundCheckpoint,
  asked: ContinuingVerb,
  way: ContinuingWay,
): Thenable<ResumeFacts> {
  return vscode.window.withProgress({ location: { viewId: viewIds.experiments } }, () =>
    gatherFacts(found, asked, way),
  );
}

/** The rows of a preview as a list has them. */
export function asChoices(
  items: readonly ResumeItem[],
): readonly (Choice<ResumeAnswer> | vscode.QuickPickItem)[] {
  return items.map(({ answer, ...item }) =>
    answer === null ? separator(item.label) : { ...item, value: answer },
  );
}

function askForAnswer(facts: ResumeFacts): Promise<ResumeAnswer | null> {
  return pickOne(asChoices(resumeItems(facts)), {
    title: resumeTitle(facts),
    placeholder: resumeQuestion(facts),
  });
}

function plainAnswer(verb: ContinuingVerb, way: ContinuingWay): ResumeAnswer {
  if (way === "changed-params") return { kind: "params", verb };
  const isOwn = way === "own-code";
  return {
    kind: "start",
    verb,
    code: isOwn ? "checkpoint" : "workspace",
    place: isOwn ? "isolated" : "workspace",
  };
}

async function changeParams(
  services: Services,
  { engine, experiment, checkpoint }: FoundCheckpoint,
  request: ContinuedRequest,
): Promise<void> {
  const { stage } = checkpoint;
  const own = stage === null ? [] : stagesOf(engine, stage);
  const { place } = knownFacts({ engine, experiment, checkpoint }, request.verb, "changed-params");
  await modifyAndRun(services, engine, {
    request,
    stages: own.length > 0 ? own : engine.pipeline.pipeline.stages,
    title: resumeTitle({ asked: request.verb, experiment: experiment.name, place }),
    subject: stage ?? l10n.t("the pipeline"),
  });
}
