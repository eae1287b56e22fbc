import { isTemporary, readPattern, setOf } from "../pipeline/watchPattern.ts";

/**
 * What a snapshot takes of files that the code writes meanwhile: whole sets as they were when they were known to be
 * complete, or nothing of them.
 */
export interface WatchedSets {
  /** What belongs to a set at all: see `watchPattern.ts`. */
  readonly patterns: readonly string[];
  readonly complete: readonly CompleteSet[];
  /** Paths of the sets for which the snapshot is taken: without one of them there is none. Empty when it is for others. */
  readonly due: readonly string[];
}

export interface CompleteSet {
  /** From the project's root. */
  readonly path: string;
  /** Identity of each file by its path from the project's root. */
  readonly files: { readonly [path: string]: string };
}

/** Which files a snapshot is to take, and which it has to give up because their set has changed. */
export class SetFilter {
  readonly #sets: WatchedSets;
  readonly #patterns: readonly NonNullable<ReturnType<typeof readPattern>>[];
  readonly #complete: ReadonlyMap<string, CompleteSet>;

  constructor(sets: WatchedSets) {
    this.#sets = sets;
    this.#patterns = sets.patterns.map(readPattern).filter((pattern) => pattern !== null);
    this.#complete = new Map(sets.complete.map((set) => [set.path, set]));
  }

  /** Whether a file is to be taken: not when it is temporary, and not when its set is not complete. */
  isWanted(path: string): boolean {
    const owner = this.#ownerOf(path);
    if (owner === null) return !path.split("/").some(isTemporary);
    return this.#complete.get(owner)?.files[path] !== undefined;
  }

  /** The sets of which not all was taken as it was. `taken` has the identity of each file as copied. */
  torn(taken: ReadonlyMap<string, string>): readonly string[] {
    return this.#sets.complete
      .filter(({ files }) => Object.entries(files).some(([path, identity]) => taken.get(path) !== identity))
      .map(({ path }) => path);
  }

  /** Whether a file is in one of these sets. */
  isIn(path: string, sets: readonly string[]): boolean {
    const owner = this.#ownerOf(path);
    return owner !== null && sets.includes(owner);
  }

  /** Whether a snapshot without these sets has lost what it is for. */
  isPointless(torn: readonly string[]): boolean {
    const { due } = this.#sets;
    return due.length > 0 && due.every((path) => torn.includes(path));
  }

  #ownerOf(path: string): string | null {
    for (const pattern of this.#patterns) {
      const owner = setOf(pattern, path);
      if (owner !== null) return owner;
    }
    return null;
  }
}
