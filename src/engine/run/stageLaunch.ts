import { basename, join } from "node:path";
import type { StageEnd, StopGrace } from "../../runner/files.ts";
import type { Disposable } from "../event.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import type { SignalAnswer, WaitingSignal } from "../signal/signalFile.ts";
import { signalPaths } from "../signal/signalFile.ts";
import { SignalServer } from "../signal/signalServer.ts";
import { savepointDirectory } from "../system/layout.ts";
import type { DebuggedStage } from "./debugCommand.ts";
import { stageVariables } from "./environment.ts";
import type { Launched, Launcher } from "./launcher.ts";
import type { GivenAnswer } from "./openQuestion.ts";
import type { RunRecord } from "./record.ts";
import type { RunnerFolder, RunnerWait, StageOrder, StageOutcome } from "./runnerRecord.ts";

/** How stages are started. Paths are absolute and given from outside: bundles and sources lie in different places. */
export interface LaunchSettings {
  readonly launcher: Launcher;
  /** Node, or the editor's own binary, which runs as Node. */
  readonly nodePath: string;
  readonly runnerPath: string;
  /** Asked for at each start of a stage. */
  readonly grace: () => StopGrace;
}

/** How a stage begins: for its environment and for the line above its output. */
export interface StageStart {
  readonly resumed: { readonly step: number | null; readonly answer: GivenAnswer | null } | null;
  /** What it goes on from and why, for people; `null` for a fresh start. */
  readonly from: string | null;
  /** Which time its code runs, counted from 1. */
  readonly iteration: number;
  readonly notes: readonly string[];
}

/** The file by which training code sees that somebody listens. */
function heartbeatFile(project: Project): string {
  return join(savepointDirectory(project), "heartbeat");
}

/** Writes what the runner is to do. */
export function prepareLaunch(
  folder: RunnerFolder,
  project: Project,
  record: RunRecord,
  stage: Stage,
  start: StageStart,
  grace: StopGrace,
): void {
  const debugged = debuggerOf(record, stage);
  const order: StageOrder = {
    runId: record.id,
    name: stage.address,
    head: [headLine(record, stage, start), ...start.notes],
    commands: debugged?.commands ?? stage.commands,
    cwd: join(project.root, stage.workingDirectory),
    env: {
      ...stageVariables({
        root: project.root,
        runId: record.id,
        stage: stage.address,
        experiment: record.experiment,
        baseline: record.baseline,
        heartbeatFile: heartbeatFile(project),
        outputs: stage.outputs.map(({ path }) => join(project.root, path)),
        iteration: start.iteration,
        resumed: start.resumed,
      }),
      ...debugged?.environment,
    },
    grace,
  };
  folder.prepare(order);
}

/** The debugger that a stage's first launch lets in; later ones are the stage as it is. */
function debuggerOf({ debugged, stages }: RunRecord, { address }: Stage): DebuggedStage | null {
  const isFirst = stages.some(({ stage, launches }) => stage.address === address && launches.length === 0);
  return debugged?.stage === address && isFirst ? debugged : null;
}

/** One launched stage: its signals are answered until it ends. */
export class StageLaunch implements Disposable {
  readonly #server: SignalServer;
  readonly #wait: RunnerWait;
  #launched: Launched | null = null;

  /** Listens at once; for a stage that another process launched, nothing else is to be done. */
  constructor(
    project: Project,
    folder: RunnerFolder,
    startLimit: number,
    onSignal: (signal: WaitingSignal) => Promise<SignalAnswer | null>,
  ) {
    const paths = signalPaths(join(project.root, ".dvc", "tmp"));
    this.#server = new SignalServer({ paths, heartbeatFile: heartbeatFile(project), onSignal });
    this.#wait = folder.wait(startLimit);
  }

  /** Starts the runner. Rejects when there is no place for its process. */
  async launch(
    settings: LaunchSettings,
    folder: RunnerFolder,
    project: Project,
    record: RunRecord,
    stage: Stage,
  ) {
    const launched = await settings.launcher.launch({
      runId: record.id,
      stage,
      experiment: record.experiment,
      title: `${stage.name} · ${record.experiment}`,
      command: settings.nodePath,
      args: [settings.runnerPath, folder.specFile],
      cwd: project.root,
      isIsolated: record.place === "isolated",
      // Where the editor's own binary stands in for Node. The runner keeps it from the stage.
      env: { ELECTRON_RUN_AS_NODE: "1" },
    });
    this.#launched = launched;
    launched.onDidClose(() => this.#wait.closed());
  }

  /** How the stage ended. Never resolves once this is disposed. */
  get outcome(): Promise<StageOutcome> {
    return this.#wait.outcome;
  }

  /** Answers a signal that was left at the very end, and stops listening. */
  close(): Promise<void> {
    return this.#server.close();
  }

  /** Brings the terminal to the front; `false` when this process did not open it. */
  reveal(): boolean {
    this.#launched?.reveal();
    return this.#launched !== null;
  }

  /** Stops listening; the stage goes on. */
  dispose(): void {
    this.#server.dispose();
    this.#wait.dispose();
    this.#launched?.dispose();
  }
}

/** What the end of a stage's processes means for the stage. */
export function judge(outcome: StageOutcome): {
  readonly state: "succeeded" | "failed" | "interrupted" | "lost";
  readonly reason: string;
} {
  if (outcome.kind === "lost") return { state: "lost", reason: outcome.message };
  const { end } = outcome;
  if (end.asked === "stop") return { state: "interrupted", reason: "stopped" };
  if (end.asked === "SIGHUP") return { state: "interrupted", reason: "its terminal was closed" };
  if (end.asked === "SIGTERM") return { state: "interrupted", reason: "ended by the system" };
  if (end.code === 0) return { state: "succeeded", reason: "done" };
  if (end.asked === "SIGINT" || end.signal === "SIGINT") return { state: "interrupted", reason: "Ctrl-C" };
  return { state: "failed", reason: describeFailure(end) };
}

function describeFailure(end: StageEnd): string {
  if (end.error !== null) return end.error;
  return end.signal === null ? `exit code ${end.code}` : `ended by ${end.signal}`;
}

function headLine(record: RunRecord, stage: Stage, start: StageStart): string {
  return `${stage.address} · ${basename(record.experiment)} · ${startWords(record, start)}`;
}

function startWords(record: RunRecord, { resumed }: StageStart): string {
  const { experiment, resumedFrom: origin } = record;
  if (resumed === null) return "fresh run";
  const step = resumed.step === null ? "" : `, step ${resumed.step}`;
  if (origin === null || record.verb === "run") return `resumed${step}`;
  const verb = origin.experiment === experiment ? "resumed" : "forked";
  return `${verb} from ${origin.experiment}@${origin.sequence}${step}`;
}
