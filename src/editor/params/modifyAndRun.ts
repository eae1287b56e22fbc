import { randomInt } from "node:crypto";
import * as l10n from "@vscode/l10n";
import type { Engine } from "../../engine/engine.ts";
import { paramsFiles } from "../../engine/pipeline/editableParams.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { failure, type Result, success } from "../../engine/result.ts";
import { readParams } from "../../engine/run/paramChanges.ts";
import type { RunRequest } from "../../engine/run/request.ts";
import { checkSweep } from "../../engine/sweep/checkSweep.ts";
import { expandSweep } from "../../engine/sweep/expandSweep.ts";
import { countRuns, isDrawn, mostRuns } from "../../engine/sweep/sweep.ts";
import { sweepRequests } from "../../engine/sweep/sweepRequests.ts";
import { orShow } from "../commands/choose.ts";
import { saveEdited, startRun } from "../commands/startRun.ts";
import { runCount } from "../labels/changeLabels.ts";
import { joined } from "../labels/rowText.ts";
import { paramsOf } from "../paramIndex.ts";
import { addToQueue } from "../queue/addToQueue.ts";
import type { Services } from "../services.ts";
import { askRunWay, withWay } from "./askRunWay.ts";
import { askSamples } from "./askValue.ts";
import { editParams } from "./editParams.ts";
import { draftSweep, newDraft } from "./paramDraft.ts";

/** A request whose parameters a person is about to change. */
export interface Modification {
  readonly request: RunRequest;
  /** Those whose parameters come first in the list. */
  readonly stages: readonly Stage[];
  /** Of the dialogs: `Run train`. */
  readonly title: string;
  /** The stages, for people: `train`. */
  readonly subject: string;
}

/** Lets a person change parameters of a request, also to several values each, and runs or queues what comes of it. */
export async function modifyAndRun(
  services: Services,
  engine: Engine,
  { request, stages, title, subject }: Modification,
): Promise<void> {
  if (!(await saveEdited())) return;
  const texts = await orShow(services, readAll(engine, paramsFiles(stages)));
  const draft = texts && (await orShow(services, newDraft(stages, texts)));
  if (!draft) return;
  const recorded = request.verb === "run" ? {} : request.checkpoint.params;
  const edited = await editParams(draft, { title, subject, histories: paramsOf(engine), recorded });
  if (edited === null) return;
  const sweep = draftSweep(edited);
  const samples = sweep.axes.some(isDrawn) ? await askSamples(title, mostRuns) : null;
  if (samples === null && sweep.axes.some(isDrawn)) return;
  const checked = await orShow(
    services,
    checkSweep(sweep, samples, (file) => success(texts.get(file) ?? "")),
  );
  if (checked === null) return;
  const count = countRuns(checked, samples);
  const way = await askRunWay(engine, request, count, joined(title, runCount(count)));
  if (way === null) return;
  const runs = expandSweep(checked, { samples, seed: randomInt(2 ** 32) });
  const requests = await orShow(services, sweepRequests(withWay(request, way), runs, nameStock(engine)));
  if (requests === null) return;
  const [only] = requests;
  if (way.kind === "queue") await addToQueue(services, engine, requests, way.isStarted);
  else if (only !== undefined) await startRun(services, engine, only);
}

/** The names of experiments, and of those that wait to become one. */
function nameStock(engine: Engine) {
  const taken = new Set([
    ...engine.experiments.experiments.map(({ name }) => name),
    ...engine.queue.entries.map(({ name }) => name),
  ]);
  return { isTaken: (name: string) => taken.has(name), random: Math.random };
}

/** The params files that are there. Fails when none is. */
function readAll(engine: Engine, files: readonly string[]): Result<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const file of files) {
    const read = readParams(engine.project, file);
    if (read.ok) texts.set(file, read.value.text);
  }
  if (texts.size > 0) return success(texts);
  const message = l10n.t(
    "There is no params file {0}. Create it, or name another one in the stage.",
    files.join(", "),
  );
  return failure("params-missing", message, files[0]);
}
