import type { ProcessIdentity } from "../../runner/process.ts";
import type { CheckpointKind, Origin, PipelineProgress, Question, Value } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";

/** What is to be recorded. Everything but the stage comes from the signal, or says that there was none. */
export interface SnapshotRequest {
  /** The stage whose outputs are recorded; `null` records what Git sees only. */
  readonly stage: Stage | null;
  readonly kind: Exclude<CheckpointKind, "foreign">;
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  /** Metrics that came inside the signal. */
  readonly metrics: { readonly [key: string]: Value };
  readonly metadata: { readonly [key: string]: Value };
  readonly warning: string | null;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /**
   * With kind `stage-end`: whether the stage succeeded. Its entry is then put in the workspace's `dvc.lock` too, as
   * `dvc repro` does, so that the stage counts as up to date.
   */
  readonly succeeded?: boolean;
  /** What the code asks a person, and waits for. */
  readonly question?: Question | null;
  /** With kind `stage-end`: how far the run is. */
  readonly progress?: PipelineProgress | null;
}

/** A file of a snapshot. */
export interface CapturedFile {
  /** Below the item's path, with forward slashes; empty when the item is a file itself. */
  readonly relpath: string;
  /** Its stat data when it was captured: see `identityOf`. */
  readonly identity: string;
  readonly isExecutable: boolean;
  /** `null` when it did not change since the capture that knows its hash. */
  readonly copy: CapturedCopy | null;
}

/** Where the bytes of a captured file are: in a file below the snapshot's folder, or in a part of its pack. */
export type CapturedCopy =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "packed"; readonly offset: number; readonly length: number };

/** An output of a snapshot, or a file with values: params, or metrics that no stage makes. */
export interface CapturedItem {
  /** Relative to the project's root. */
  readonly path: string;
  readonly role: "output" | "values";
  /** Where its bytes go in the end. */
  readonly side: "cache" | "git";
  readonly kind: "file" | "directory" | "missing";
  readonly files: readonly CapturedFile[];
}

/** A snapshot that waits to be stored: with its copies, all that is needed to finish it after a crash. */
export interface JournalEntry {
  readonly version: 1;
  readonly sequence: number;
  readonly request: SnapshotRequest;
  readonly items: readonly CapturedItem[];
  /** What a person should know, such as a file that changed while it was copied. */
  readonly warnings: readonly string[];
}

/** Who records: a process, and one recorder within it. */
export interface Owner {
  readonly process: ProcessIdentity;
  readonly recorder: string;
}

/** Where a run's line of checkpoints stands. Written before the ref is moved, so that a crash between is finished. */
export interface RecordingLine {
  readonly version: 1;
  readonly owner: Owner;
  readonly runId: string;
  readonly experiment: string;
  readonly baseline: string;
  readonly resumedFrom: Origin | null;
  /** The last checkpoint, or what the first will have as its parent. */
  readonly tip: string;
  /** Sequence of `tip`. */
  readonly sequence: number;
  /**
   * The last tree that was written: what Git saw when `tip` was recorded or, before that, when the run began. `null`
   * until that is known.
   */
  readonly tree: string | null;
  /** The ref is about to move to `tip`: what it held before. `null` when nothing has been recorded yet. */
  readonly moving: { readonly from: string | null } | null;
}
