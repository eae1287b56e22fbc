import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { Project } from "../project.ts";
import { recordingDirectory, recordingFiles, recordingsDirectory } from "../system/layout.ts";
import { writeJson } from "../system/versionedJson.ts";
import { CommitWriter } from "./commitWriter.ts";
import { experimentRef } from "./experimentRef.ts";
import type { RecordingLine } from "./journal.ts";

/**
 * Makes the folder of a run's recording, with who owns it in it from the first moment on. Throws when there is one
 * already: what another recorder of the run has left must be recovered first.
 */
export function beginRecording(project: Project, line: RecordingLine): RecordingLine {
  const directory = recordingDirectory(project, line.runId);
  if (existsSync(directory)) {
    throw new Error(
      `An earlier recording of this run is not finished yet (${directory}): reload the window to finish it`,
    );
  }
  const draft = join(recordingsDirectory(project), `${draftPrefix}${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  writeJson(join(draft, recordingFiles.line), line);
  renameSync(draft, directory);
  return line;
}

/** Begins the names of folders that are just being made. */
export const draftPrefix = ".new-";

/** A checkpoint to be put at the end of a line. */
export interface LineAddition {
  readonly sequence: number;
  readonly tree: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The commit's message; the experiment may have got another name meanwhile. */
  message(experiment: string): string;
}

/**
 * The growing line of checkpoints of one run. When somebody else has moved the experiment's ref, or taken its name, the
 * line goes on under a name of its own: nothing of either is lost.
 */
export class LineWriter {
  readonly #commits: CommitWriter;
  readonly #file: string;
  #line: RecordingLine;
  /** What the ref holds as far as we know. */
  #refValue: string | null;

  private constructor(project: Project, line: RecordingLine, refValue: string | null) {
    this.#commits = new CommitWriter(project);
    this.#file = join(recordingDirectory(project, line.runId), recordingFiles.line);
    this.#line = line;
    this.#refValue = refValue;
  }

  /** Begins a run's line, under another name when the wanted one belongs to other checkpoints. */
  static async begin(project: Project, wanted: RecordingLine): Promise<LineWriter> {
    const commits = new CommitWriter(project);
    const current = await commits.readRef(experimentRef(wanted.baseline, wanted.experiment));
    const isFree = current === null || current === wanted.tip;
    const experiment = isFree
      ? wanted.experiment
      : await commits.freeName(wanted.baseline, wanted.experiment);
    const writer = new LineWriter(project, { ...wanted, experiment }, isFree ? current : null);
    writeJson(writer.#file, writer.#line);
    return writer;
  }

  /** Takes up a line that another process left, and moves the ref if that was not done. */
  static async takeUp(project: Project, left: RecordingLine): Promise<LineWriter> {
    const commits = new CommitWriter(project);
    const current = await commits.readRef(experimentRef(left.baseline, left.experiment));
    // Whatever else the ref holds is somebody else's: the next addition then gets a name of its own.
    const writer = new LineWriter(project, left, current === null ? null : left.tip);
    if (left.moving === null || current === left.tip) return writer;
    if (current !== null && (await commits.contains(current, left.tip))) return writer;
    writer.#refValue = left.moving.from;
    for (let line = left; !(await writer.#tryMove(line)); ) {
      line = { ...line, experiment: await writer.#otherName(line.experiment), moving: { from: null } };
    }
    return writer;
  }

  get current(): RecordingLine {
    return this.#line;
  }

  /** Commits an addition and moves the ref. Returns the commit. Throws when Git can't; it can then be tried again. */
  async append({ sequence, tree, time, message }: LineAddition): Promise<string> {
    let experiment = this.#line.experiment;
    for (;;) {
      const parent = this.#line.tip;
      const tip = await this.#commits.commit({ tree, parent, time, message: message(experiment) });
      const moving = { from: this.#refValue };
      if (await this.#tryMove({ ...this.#line, experiment, tip, sequence, tree, moving })) return tip;
      experiment = await this.#otherName(experiment);
    }
  }

  /** Writes down what will be, then moves the ref. `false` when it is somebody else's now. */
  async #tryMove(next: RecordingLine): Promise<boolean> {
    writeJson(this.#file, next);
    const ref = experimentRef(next.baseline, next.experiment);
    if (!(await this.#commits.moveRef(ref, next.tip, this.#refValue))) return false;
    this.#line = next;
    this.#refValue = next.tip;
    return true;
  }

  /** The name to go on under: the same if the ref was deleted, which loses nothing, else one that is free. */
  async #otherName(experiment: string): Promise<string> {
    const { baseline } = this.#line;
    this.#refValue = null;
    const isGone = (await this.#commits.readRef(experimentRef(baseline, experiment))) === null;
    return isGone ? experiment : this.#commits.freeName(baseline, experiment);
  }
}
