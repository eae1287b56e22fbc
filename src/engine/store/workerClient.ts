import { Worker } from "node:worker_threads";
import type { Disposable } from "../event.ts";
import type { Envelope, Reply, WorkerAnswers, WorkerRequestKind, WorkerRequests } from "./workerMessages.ts";

/** A failure inside the worker, with the code (`ENOSPC`) and path of the system error that it was. */
export class WorkerError extends Error {
  readonly code: string | null;
  readonly path: string | null;

  constructor(message: string, code: string | null, path: string | null) {
    super(message);
    this.name = "WorkerError";
    this.code = code;
    this.path = path;
  }
}

interface Waiting {
  resolve(answer: WorkerAnswers[WorkerRequestKind]): void;
  reject(error: Error): void;
}

/**
 * One worker thread that answers requests in their order. It starts with the first request, keeps the process alive
 * only while it works, and is replaced when it dies.
 */
export class WorkerClient implements Disposable {
  readonly #script: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #lastId = 0;
  #disposed = false;

  constructor(script: string) {
    this.#script = script;
  }

  /** Starts the thread ahead of the first request, so that the request does not pay for it. */
  start(): void {
    this.#worker ??= this.#startWorker();
  }

  /** Rejects with {@link WorkerError}, also when the worker dies or is disposed. */
  call<Kind extends WorkerRequestKind>(
    kind: Kind,
    request: WorkerRequests[Kind],
  ): Promise<WorkerAnswers[Kind]> {
    if (this.#disposed) return Promise.reject(new WorkerError("The worker is disposed", null, null));
    this.start();
    const worker = this.#worker as Worker;
    this.#lastId += 1;
    const envelope: Envelope = { id: this.#lastId, kind, request };
    return new Promise((resolve, reject) => {
      this.#waiting.set(envelope.id, { resolve: resolve as Waiting["resolve"], reject });
      worker.ref();
      worker.postMessage(envelope);
    });
  }

  dispose(): void {
    this.#disposed = true;
    void this.#worker?.terminate();
    this.#worker = null;
    this.#rejectAll(new WorkerError("The worker is disposed", null, null));
  }

  #startWorker(): Worker {
    // No flags of the host (inspectors, loaders) reach the worker: it needs none.
    const worker = new Worker(this.#script, {
      execArgv: [],
      // Its work is in system calls and buffers: a small nursery keeps the host's memory small.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.unref();
    worker.on("message", (reply: Reply) => this.#settle(reply));
    worker.on("error", (error) => this.#lose(worker, error.message));
    worker.on("exit", (code) => this.#lose(worker, `exit code ${code}`));
    return worker;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker?.unref();
    if ("error" in reply) {
      waiting?.reject(new WorkerError(reply.error.message, reply.error.code, reply.error.path));
    } else {
      waiting?.resolve(reply.answer);
    }
  }

  #lose(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#rejectAll(new WorkerError(`The worker thread ended: ${reason}`, null, null));
  }

  #rejectAll(error: WorkerError): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
