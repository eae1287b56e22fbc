import type * as vscode from "vscode";
import type { PipelineFilesState } from "../contract.ts";
import type { Engine } from "../engine/engine.ts";
import type { RunQueue } from "../engine/queue/runQueue.ts";
import { ContextKeyWriter } from "./base/contextKeys.ts";
import { DisposableStore } from "./base/disposableStore.ts";
import { liveRuns } from "./commands/targets.ts";
import { needsDecision } from "./labels/runLabels.ts";
import { openQuestions } from "./questions/openQuestions.ts";
import type { Services } from "./services.ts";

/** Keeps the context keys, which decide what menus, buttons and welcome texts show, in step with the projects. */
export class ContextState implements vscode.Disposable {
  readonly #services: Services;
  readonly #owned = new DisposableStore();
  readonly #keys = this.#owned.add(new ContextKeyWriter());

  constructor(services: Services) {
    this.#services = services;
    const { projects, selection } = services;
    const update = () => this.#update();
    this.#owned.addAll(
      projects.onDidChange(update),
      projects.onDidChangeExperiments(update),
      projects.onDidChangePipeline(update),
      projects.onDidChangeRun(update),
      projects.onDidChangeQueue(update),
      selection.onDidChange(update),
    );
    update();
  }

  dispose(): void {
    this.#owned.dispose();
  }

  #update(): void {
    const { projects, selection } = this.#services;
    const live = liveRuns(projects);
    this.#keys.set("savepoint.state", projects.state);
    this.#keys.set("savepoint.pipelineState", pipelineState(projects.all));
    this.#keys.set(
      "savepoint.hasExperiments",
      projects.all.some((engine) => engine.experiments.experiments.length > 0),
    );
    this.#keys.set("savepoint.isRunning", live.length > 0);
    this.#keys.set(
      "savepoint.needsDecision",
      live.some(({ run }) => needsDecision(run)),
    );
    this.#keys.set("savepoint.hasQuestions", openQuestions(projects).length > 0);
    this.#keys.set("savepoint.selected", selection.targets.length);
    const queues = projects.all.map(({ queue }) => queue);
    this.#keys.set("savepoint.queued", queues.flatMap(({ entries }) => entries).length);
    this.#keys.set("savepoint.queueState", queueState(queues));
  }
}

/** All projects of the window taken together. */
function pipelineState(engines: readonly Engine[]): PipelineFilesState {
  const pipelines = engines.map(({ pipeline }) => pipeline.pipeline);
  if (pipelines.some(({ stages }) => stages.length > 0)) return "stages";
  if (pipelines.some(({ problems }) => problems.some(({ severity }) => severity === "error")))
    return "broken";
  // A project has no files before they were read.
  return pipelines.some(({ files }) => files.length > 0) ? "empty" : "reading";
}

/** What its one button does: several queues of a window are taken together. */
function queueState(queues: readonly RunQueue[]): "idle" | "paused" | "working" {
  if (queues.some((queue) => !queue.isPaused)) return "working";
  return queues.some(({ entries }) => entries.some(({ state }) => state === "waiting")) ? "paused" : "idle";
}
