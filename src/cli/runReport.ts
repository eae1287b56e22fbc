import { decidingMetric, metricValue } from "../engine/compare/best.ts";
import { formatNumber, stepLabel } from "../engine/compare/present.ts";
import type { Engine } from "../engine/engine.ts";
import type { Disposable } from "../engine/event.ts";
import type { Checkpoint } from "../engine/model.ts";
import { openQuestion } from "../engine/run/openQuestion.ts";
import type { Run } from "../engine/run/run.ts";
import type { Terminal } from "./command.ts";
import { answerCommand, defaultAnswerLimit, Questions } from "./questions.ts";
import { StageNews } from "./stageNews.ts";

/** Says on standard error what happens in runs, and hears when they are to be stopped. */
export class RunReport implements Disposable {
  readonly #engine: Engine;
  readonly #terminal: Terminal;
  readonly #questions: Questions;
  readonly #listeners: readonly Disposable[];
  /** Of the runs that are followed to their end, by id. */
  readonly #news = new Map<string, StageNews>();
  #attention = "";
  #isStopped = false;

  /** `answerLimit`: milliseconds for which a question waits when nobody can be asked here. */
  constructor(engine: Engine, terminal: Terminal, answerLimit = defaultAnswerLimit) {
    this.#engine = engine;
    this.#terminal = terminal;
    this.#listeners = [
      engine.runs.onDidRecord((checkpoint) => this.tell(recordedLine(checkpoint))),
      engine.runs.onDidChange((run) => {
        this.#tellStages(run);
        const { attention } = run;
        if (attention && attention.message !== this.#attention) this.tell(attention.message);
        this.#attention = attention?.message ?? "";
      }),
    ];
    // What is recorded is said first.
    this.#questions = new Questions(engine, (text) => this.tell(text), answerLimit);
  }

  tell(text: string): void {
    this.#terminal.tell(`savepoint: ${text}`);
  }

  /** Whether this process was asked to stop a run. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /**
   * Waits for the end of a run, and stops it when this process is asked to end. Ctrl-C in a terminal reaches the stage
   * by itself, and this process stays to record how it ends: `patience` is how many it lets pass.
   */
  async untilEnd(runId: string, patience: number): Promise<Run> {
    let interrupts = 0;
    const stop = () => {
      if (!this.#isStopped) this.tell("stopping the stage; what it recorded stays.");
      this.#isStopped = true;
      void this.#engine.runs.stop(runId, "now");
    };
    const interrupt = () => {
      interrupts += 1;
      if (interrupts > patience) stop();
      else this.tell("waiting for the stage to end; press Ctrl-C again to stop it.");
    };
    process.on("SIGINT", interrupt);
    process.on("SIGTERM", stop);
    process.on("SIGHUP", stop);
    this.#news.set(runId, new StageNews());
    for (const run of this.#engine.runs.runs) this.#tellStages(run);
    this.#questions.askAgain(runId);
    try {
      const ended = await this.#engine.runs.whenEnded(runId);
      this.tell(this.#openQuestionLine(ended) ?? endLine(ended));
      return ended;
    } finally {
      process.off("SIGINT", interrupt);
      process.off("SIGTERM", stop);
      process.off("SIGHUP", stop);
    }
  }

  #tellStages({ id, stages }: Run): void {
    for (const line of this.#news.get(id)?.of(stages) ?? []) this.tell(line);
  }

  /** What is left to do after a run that waits for an answer. */
  #openQuestionLine({ id, experiment: name }: Run): string | null {
    const experiment = this.#engine.experiments.experiments.find((one) => one.name === name);
    const asking = experiment === undefined ? null : openQuestion(experiment);
    if (asking?.run !== id) return null;
    return `${name} waits for an answer to “${asking.question.question}”; it goes on with ${answerCommand(asking)}.`;
  }

  dispose(): void {
    this.#questions.dispose();
    for (const listener of this.#listeners) listener.dispose();
  }
}

function recordedLine(checkpoint: Checkpoint): string {
  const metric = decidingMetric([checkpoint], null);
  const value = metric ? metricValue(checkpoint.metrics, metric.key) : null;
  const best = metric && value !== null ? ` · ${metric.key.split(":").at(-1)} ${formatNumber(value)}` : "";
  const warning = checkpoint.warning ? ` (${checkpoint.warning})` : "";
  const place = checkpoint.kind === "stage-end" ? `end of ${checkpoint.stage}` : stepLabel(checkpoint);
  return `recorded ${checkpoint.experiment}@${checkpoint.sequence} · ${place}${best}${warning}`;
}

/** How a run ended, in a line for people. */
export function endLine(ended: Run): string {
  const failed = ended.stages.find(({ state }) => state === "failed" || state === "interrupted");
  const why = failed ? ` at ${failed.stage}: ${failed.reason}` : "";
  const { checkpoints } = ended.progress;
  const canResume = checkpoints > 0 || ended.resumedFrom?.experiment === ended.experiment;
  const count = `${checkpoints} checkpoint${checkpoints === 1 ? "" : "s"} recorded`;
  const { skippedCheckpoints: skipped } = ended;
  const lost = skipped > 0 ? `, ${skipped} skipped` : "";
  const next = failed && canResume ? `; go on with savepoint resume ${ended.experiment}` : "";
  const isIdle = ended.stages.every(({ state }) => state === "skipped");
  if (isIdle) return "all stages are up to date; run them nevertheless with --force.";
  return `${ended.experiment} ${ended.state}${why}; ${count}${lost}${next}.`;
}
