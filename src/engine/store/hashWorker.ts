import { rmSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { CaptureMemory, capture } from "./capture.ts";
import { HashMemory, hashPath } from "./hashPath.ts";
import { compareOutputs, hasOutputs, keepOutputs, stageOutputs, verifyOutputs } from "./outputRestore.ts";
import { findObstacle, identifyPlaces, moveIntoPlace } from "./placeFiles.ts";
import { storeCapture } from "./storeCapture.ts";
import type { Envelope, Reply, WorkerAnswers, WorkerRequestKind, WorkerRequests } from "./workerMessages.ts";

/** The program of a worker thread: answers one request after another, with calls that block. */

const hashes = new HashMemory();
const captures = new CaptureMemory();

const handlers: {
  readonly [Kind in WorkerRequestKind]: (request: WorkerRequests[Kind]) => WorkerAnswers[Kind];
} = {
  hash: ({ path, legacy }) => hashPath(path, legacy, hashes),
  capture: (request) => capture(request, captures),
  store: storeCapture,
  compareOutputs: (request) => compareOutputs(request, hashes),
  stageOutputs,
  verifyOutputs,
  hasOutputs,
  keepOutputs: (request) => keepOutputs(request, hashes),
  findObstacle,
  identifyPlaces,
  moveIntoPlace,
  remove: ({ paths }) => {
    for (const path of paths) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    return null;
  },
};

function handle({ id, kind, request }: Envelope): Reply {
  try {
    const handler = handlers[kind] as (
      request: WorkerRequests[WorkerRequestKind],
    ) => WorkerAnswers[WorkerRequestKind];
    return { id, answer: handler(request) };
  } catch (thrown) {
    const error = thrown as NodeJS.ErrnoException;
    return { id, error: { message: error.message, code: error.code ?? null, path: error.path ?? null } };
  }
}

parentPort?.on("message", (envelope: Envelope) => parentPort?.postMessage(handle(envelope)));
