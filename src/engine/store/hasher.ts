import type { Disposable } from "../event.ts";
import type { PathHash } from "../pipeline/pathHash.ts";
import { WorkerClient } from "./workerClient.ts";
import type { WorkerAnswers, WorkerRequestKind, WorkerRequests } from "./workerMessages.ts";

/**
 * Hashes files and directories as DVC does, in a worker thread of its own. A file is read again only when its stat data
 * changed.
 */
export class Hasher implements Disposable {
  /** The bundled or plain script of the worker; whoever needs a thread of its own starts it from there too. */
  readonly workerPath: string;
  readonly #worker: WorkerClient;

  constructor(workerPath: string) {
    this.workerPath = workerPath;
    this.#worker = new WorkerClient(workerPath);
  }

  /**
   * `null` when nothing is there. `legacy` asks for DVC 2's hash (line ends of text count as `\n`). Rejects with
   * `WorkerError` when something cannot be read.
   */
  hashPath(absolutePath: string, legacy: boolean): Promise<PathHash | null> {
    return this.#worker.call("hash", { path: absolutePath, legacy });
  }

  /** Other work of the same thread, which shares what is known of the files. */
  call<Kind extends WorkerRequestKind>(
    kind: Kind,
    request: WorkerRequests[Kind],
  ): Promise<WorkerAnswers[Kind]> {
    return this.#worker.call(kind, request);
  }

  dispose(): void {
    this.#worker.dispose();
  }
}
