import { randomUUID } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { identify, isAlive, type ProcessIdentity } from "../../runner/process.ts";
import type { Disposable } from "../event.ts";

/** Who listens to a project's run. */
export interface LeaseHolder {
  readonly owner: ProcessIdentity;
  /** Tells two holders within one process apart. */
  readonly token: string;
  readonly runId: string;
}

interface LeaseFile {
  readonly generation: number;
  readonly path: string;
  /** `null` when the file makes no sense. */
  readonly holder: LeaseHolder | null;
}

const renewMilliseconds = 1_000;
/** After this long without renewal, a holder on another machine (or in another container) counts as gone. */
const foreignLimitMilliseconds = 15_000;

/**
 * The right to listen to a project's run: one holder at a time over all windows and command lines. It ends with its
 * process, however that ends, because it names the process by id and start time.
 *
 * Each holder makes a file of the next higher number, which only one can make, so two that find a dead holder at the
 * same time can't both take its place.
 */
export class Lease implements Disposable {
  readonly holder: LeaseHolder;
  readonly #file: string;
  readonly #timer: NodeJS.Timeout;
  readonly #lost = new AbortController();

  private constructor(file: string, holder: LeaseHolder) {
    this.#file = file;
    this.holder = holder;
    this.#timer = setInterval(() => this.#renew(), renewMilliseconds);
    this.#timer.unref();
  }

  /** Takes the lease, or returns who has it. `token` must be new each time. Throws when the folder can't be written. */
  static acquire(directory: string, runId: string, token: string): Lease | LeaseHolder {
    const owner = identify(process.pid);
    if (owner === null) throw new Error("This process can't find itself among the processes.");
    mkdirSync(directory, { recursive: true });
    removeAbandonedDrafts(directory);
    const draft = join(directory, `draft-${hostname()}.${process.pid}.${token}`);
    const holder: LeaseHolder = { owner, token, runId };
    writeFileSync(draft, JSON.stringify(holder));
    try {
      for (;;) {
        const before = listLeases(directory);
        const active = before.find(isHeld);
        if (active?.holder) return active.holder;
        const generation = Math.max(0, ...before.map((lease) => lease.generation)) + 1;
        const file = join(directory, `lease-${generation}`);
        if (!tryLink(draft, file)) continue;
        // Somebody may have let go and another have taken a lower number between our look and our link.
        const rival = listLeases(directory).find((lease) => lease.generation < generation && isHeld(lease));
        if (rival?.holder) {
          rmSync(file, { force: true });
          return rival.holder;
        }
        for (const lease of before) rmSync(lease.path, { force: true });
        return new Lease(file, holder);
      }
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Who holds the lease now; `null` when nobody that lives does. */
  static holder(directory: string): LeaseHolder | null {
    return listLeases(directory).find(isHeld)?.holder ?? null;
  }

  /** Removes what holders that were killed have left. Whoever takes the lease next would do it as well. */
  static tidy(directory: string): void {
    try {
      const isEmpty = !existsSync(directory) || readdirSync(directory).length === 0;
      if (isEmpty || Lease.holder(directory) !== null) return;
      const lease = Lease.acquire(directory, "tidy", randomUUID());
      if (lease instanceof Lease) lease.dispose();
    } catch {
      // A disk that can't be written: nothing depends on it.
    }
  }

  /** Lets go, so that others may take it. */
  dispose(): void {
    clearInterval(this.#timer);
    rmSync(this.#file, { force: true });
  }

  /**
   * Aborted when somebody on another machine has taken it: they took this one for gone, as it was asleep for longer than
   * they wait.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  #renew(): void {
    const now = new Date();
    try {
      utimesSync(this.#file, now, now);
    } catch (error) {
      // Seen from this machine, our process is proof enough.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") this.#restore();
    }
  }

  /** The file is gone: removed by a successor, or by somebody who tidied up a folder that was in use. */
  #restore(): void {
    const rival = Lease.holder(dirname(this.#file));
    if (rival !== null && rival.token !== this.holder.token) {
      clearInterval(this.#timer);
      this.#lost.abort();
      return;
    }
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, JSON.stringify(this.holder), { flag: "wx" });
    } catch {
      // The next renewal tries again.
    }
  }
}

function listLeases(directory: string): LeaseFile[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const generation = /^lease-(\d{1,9})$/.exec(name)?.[1];
    if (generation === undefined) return [];
    const path = join(directory, name);
    return [{ generation: Number(generation), path, holder: readHolder(path) }];
  });
}

/** Those whose process was killed before it took the lease, or gave up. */
function removeAbandonedDrafts(directory: string): void {
  for (const name of readdirSync(directory)) {
    const [, host, pid] = /^draft-(.+)\.(\d+)\.[^.]+$/.exec(name) ?? [];
    if (host === hostname() && identify(Number(pid)) === null) rmSync(join(directory, name), { force: true });
  }
}

function isHeld({ path, holder }: LeaseFile): boolean {
  if (holder === null) return false;
  if (holder.owner.host === hostname()) return isAlive(holder.owner);
  const renewed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - renewed < foreignLimitMilliseconds;
}

function readHolder(path: string): LeaseHolder | null {
  try {
    const holder = JSON.parse(readFileSync(path, "utf8")) as Partial<LeaseHolder> | null;
    const { owner, token, runId } = holder ?? {};
    const isWhole =
      typeof owner?.host === "string" &&
      typeof owner.pid === "number" &&
      (owner.startTime === null || typeof owner.startTime === "string") &&
      typeof token === "string" &&
      typeof runId === "string";
    return isWhole ? { owner, token, runId } : null;
  } catch {
    return null;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // A file system without hard links: exclusive creation is as good, but for a reader who comes between.
    try {
      writeFileSync(to, readFileSync(from), { flag: "wx" });
      return true;
    } catch (second) {
      if ((second as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw second;
    }
  }
}
