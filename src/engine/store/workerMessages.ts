import type { PathHash } from "../pipeline/pathHash.ts";
import type { CaptureRequest, CaptureSummary } from "./capture.ts";
import type {
  compareOutputs,
  hasOutputs,
  keepOutputs,
  stageOutputs,
  verifyOutputs,
} from "./outputRestore.ts";
import type { findObstacle, identifyPlaces, moveIntoPlace } from "./placeFiles.ts";
import type { StoredCapture, StoreRequest } from "./storeCapture.ts";

/** What a worker thread can be asked. All of it is slow or blocks, which the extension host must never do. */
export interface WorkerRequests {
  readonly hash: { readonly path: string; readonly legacy: boolean };
  readonly capture: CaptureRequest;
  readonly store: StoreRequest;
  readonly remove: { readonly paths: readonly string[] };
  readonly compareOutputs: Parameters<typeof compareOutputs>[0];
  readonly stageOutputs: Parameters<typeof stageOutputs>[0];
  readonly verifyOutputs: Parameters<typeof verifyOutputs>[0];
  readonly hasOutputs: Parameters<typeof hasOutputs>[0];
  readonly keepOutputs: Parameters<typeof keepOutputs>[0];
  readonly findObstacle: Parameters<typeof findObstacle>[0];
  readonly identifyPlaces: Parameters<typeof identifyPlaces>[0];
  readonly moveIntoPlace: Parameters<typeof moveIntoPlace>[0];
}

export interface WorkerAnswers {
  readonly hash: PathHash | null;
  readonly capture: CaptureSummary;
  readonly store: StoredCapture;
  readonly remove: null;
  readonly compareOutputs: ReturnType<typeof compareOutputs>;
  readonly stageOutputs: ReturnType<typeof stageOutputs>;
  readonly verifyOutputs: ReturnType<typeof verifyOutputs>;
  readonly hasOutputs: boolean;
  readonly keepOutputs: ReturnType<typeof keepOutputs>;
  readonly findObstacle: ReturnType<typeof findObstacle>;
  readonly identifyPlaces: readonly string[];
  readonly moveIntoPlace: null;
}

export type WorkerRequestKind = keyof WorkerRequests;

/** A request on its way to the worker. */
export interface Envelope {
  readonly id: number;
  readonly kind: WorkerRequestKind;
  readonly request: WorkerRequests[WorkerRequestKind];
}

/** An answer on its way back. A system error keeps its code and path. */
export type Reply =
  | { readonly id: number; readonly answer: WorkerAnswers[WorkerRequestKind] }
  | {
      readonly id: number;
      readonly error: {
        readonly message: string;
        readonly code: string | null;
        readonly path: string | null;
      };
    };
