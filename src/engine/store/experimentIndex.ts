import { type Disposable, Emitter, type Event } from "../event.ts";
import type { Checkpoint, Experiment } from "../model.ts";
import type { Project } from "../project.ts";
import { SharedWork } from "../sharedWork.ts";
import { Git } from "../system/git.ts";
import { AnnotationReader } from "./annotations.ts";
import { assembleExperiments, commitOf, type ExperimentLine } from "./assemble.ts";
import { belongsTo } from "./belonging.ts";
import { CatFile } from "./catFile.ts";
import { CheckpointFiles } from "./checkpointFiles.ts";
import { CommitReader } from "./commitReader.ts";
import { experimentRefs, notesRef, parseExperimentRef } from "./experimentRef.ts";
import { recordedFile } from "./fileAt.ts";
import { type Home, readHomes } from "./homes.ts";
import { RecordedTree } from "./recordedTree.ts";
import { watchRefs } from "./refWatcher.ts";

/** What a refresh or an addition changed. The first refresh reports all as changed and none as added. */
export interface ExperimentsChange {
  /** Checkpoints that are new at the end of their experiment, oldest first; also those of a new experiment. */
  readonly added: readonly Checkpoint[];
  /** Names of experiments that are other than before in more than additions: notes, a rewind, a new origin, another home. */
  readonly changed: readonly string[];
  /** Names of experiments that are gone. */
  readonly removed: readonly string[];
}

/** By ref, with the commit that the ref was read at. */
type KnownLines = Map<string, { readonly tip: string; readonly line: ExperimentLine }>;

/**
 * The experiments of a project as Git has them. A refresh costs one `git for-each-ref`, one `git log`, and reading what
 * was not read before through one long-lived `git cat-file`.
 */
export class ExperimentIndex implements Disposable {
  readonly #project: Project;
  readonly #git: Git;
  readonly #objects: CatFile;
  readonly #commits: CommitReader;
  readonly #annotations: AnnotationReader;
  readonly #changes = new Emitter<ExperimentsChange>();
  readonly #watches = new Set<Disposable>();
  #experiments: readonly Experiment[] = [];
  #lines: KnownLines = new Map();
  /** By baseline, of those that no branch leads to any more. */
  #homes: ReadonlyMap<string, Home> = new Map();
  #isLoaded = false;
  #additions = 0;
  readonly #refreshes = new SharedWork(() => this.#refresh());
  #isDisposed = false;

  constructor(project: Project) {
    this.#project = project;
    this.#git = new Git(project.root);
    this.#objects = new CatFile(project.root);
    this.#commits = new CommitReader(project, this.#objects);
    this.#annotations = new AnnotationReader(this.#objects);
  }

  /** Newest first. Empty until the first {@link refresh} is done. */
  get experiments(): readonly Experiment[] {
    return this.#experiments;
  }

  /** Whether the first refresh is done: before it, no experiments means that nobody looked. */
  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  readonly onDidChange: Event<ExperimentsChange> = this.#changes.event;

  /** The commit under which the experiments of a baseline are listed: it, or after Git surgery the nearest living one. */
  homeOf(baseline: string): Home {
    return this.#homes.get(baseline) ?? { sha: baseline, relation: "itself" };
  }

  /** Reads what changed in Git. Calls while one is under way share its successor. Throws when Git can't be asked. */
  refresh(): Promise<void> {
    return this.#refreshes.run();
  }

  /**
   * Takes in a checkpoint that was just recorded, without asking Git. One that continues no known experiment, or begins
   * one with a baseline that is not known, is found by a refresh.
   */
  add(checkpoint: Checkpoint): void {
    if (this.#isDisposed) return;
    const experiment = this.#experiments.find(
      (candidate) =>
        candidate.name === checkpoint.experiment && candidate.checkpoints.at(-1)?.sha === checkpoint.parent,
    );
    const known = experiment && this.#lines.get(experiment.ref);
    if (experiment === undefined || known === undefined) {
      const isKnown = this.#experiments.some(
        ({ name, checkpoints }) =>
          name === checkpoint.experiment && checkpoints.at(-1)?.sha === checkpoint.sha,
      );
      // Failing here is as if the watch had not noticed: the next refresh reports it.
      if (!isKnown) this.refresh().catch(() => {});
      return;
    }
    this.#additions += 1;
    const line = { ...known.line, commits: [...known.line.commits, commitOf(checkpoint)] };
    this.#lines.set(experiment.ref, { tip: checkpoint.sha, line });
    const grown = { ...experiment, checkpoints: [...experiment.checkpoints, checkpoint] };
    this.#experiments = this.#experiments.map((one) => (one === experiment ? grown : one));
    this.#changes.fire({ added: [checkpoint], changed: [], removed: [] });
  }

  /** Follows what other processes do to the refs, until the answer is disposed. `onError` hears why it can't. */
  watch(onError: (error: unknown) => void = () => {}): Disposable {
    const refresh = () => this.refresh().catch((error) => this.#isDisposed || onError(error));
    const watch = watchRefs(this.#project.commonDirectory, () => void refresh(), onError);
    this.#watches.add(watch);
    return {
      dispose: () => {
        this.#watches.delete(watch);
        watch.dispose();
      },
    };
  }

  /**
   * The bytes of a file as a commit has it: from Git when it is tracked, else from the cache by what `dvc.lock` says,
   * also inside directories that are outputs. `path` is project-relative. `null` when there is no such file, or when
   * its bytes are not in this machine's cache.
   */
  async fileAt(sha: string, path: string): Promise<Buffer | null> {
    const commit = await this.#commits.read(sha);
    if (commit === null) return null;
    const tree = new RecordedTree(this.#objects, commit.tree, this.#project.prefix);
    return recordedFile(this.#project, tree, commit.values.outs, path);
  }

  /** A commit as a tree of files, outputs of all stages included; `null` when the repository does not have it. */
  async filesOf(sha: string): Promise<CheckpointFiles | null> {
    const commit = await this.#commits.read(sha);
    if (commit === null) return null;
    const named = await this.#commits.outputs(commit.tree);
    const outs = new Map([...named, ...commit.values.outs].map((output) => [output.path, output]));
    const tree = new RecordedTree(this.#objects, commit.tree, this.#project.prefix);
    return new CheckpointFiles(this.#project, tree, [...outs.values()]);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const watch of this.#watches) watch.dispose();
    this.#watches.clear();
    this.#objects.dispose();
    this.#changes.dispose();
  }

  async #refresh(): Promise<void> {
    for (;;) {
      const additions = this.#additions;
      const { tips, notes } = await this.#readRefs();
      const baselines = new Set([...tips.keys()].flatMap((ref) => parseExperimentRef(ref)?.baseline ?? []));
      const [lines, annotations, homes] = await Promise.all([
        this.#readLines(tips),
        this.#annotations.read(notes),
        readHomes(this.#git, baselines),
      ]);
      if (this.#isDisposed) return;
      // What was added meanwhile may be newer than the refs that we saw.
      if (additions !== this.#additions) continue;
      const previous = new Map(this.#experiments.map((experiment) => [experiment.ref, experiment]));
      const all = [...lines.values()].map(({ line }) => line);
      this.#experiments = assembleExperiments(all, annotations, previous);
      this.#lines = lines;
      const moved = new Set(
        [...baselines].filter((sha) => this.#homes.get(sha)?.sha !== homes.get(sha)?.sha),
      );
      this.#homes = homes;
      const change = difference(previous, this.#experiments, moved);
      if (!this.#isLoaded) {
        this.#isLoaded = true;
        const names = new Set(this.#experiments.map(({ name }) => name));
        this.#changes.fire({ added: [], changed: [...names], removed: [] });
      } else if (change.added.length + change.changed.length + change.removed.length > 0) {
        this.#changes.fire(change);
      }
      return;
    }
  }

  async #readRefs(): Promise<{ tips: ReadonlyMap<string, string>; notes: string | null }> {
    const format = "--format=%(objectname) %(refname)";
    const text = await this.#git.text(["for-each-ref", format, experimentRefs, notesRef]);
    const tips = new Map<string, string>();
    let notes: string | null = null;
    for (const line of text.split("\n")) {
      const space = line.indexOf(" ");
      const [sha, ref] = [line.slice(0, space), line.slice(space + 1)];
      if (ref === notesRef) notes = sha;
      else if (parseExperimentRef(ref) !== null) tips.set(ref, sha);
    }
    return { tips, notes };
  }

  async #readLines(tips: ReadonlyMap<string, string>): Promise<KnownLines> {
    const entries = await Promise.all(
      [...tips].map(async ([ref, tip]) => {
        const known = this.#lines.get(ref);
        if (known?.tip === tip) return [ref, known] as const;
        const parsed = parseExperimentRef(ref);
        if (parsed === null) return null;
        const all = await this.#commits.readLine(tip, parsed.baseline);
        const readers = { commits: this.#commits, objects: this.#objects };
        const isOurs = await belongsTo(this.#project.prefix, all, parsed.baseline, readers);
        // A line of another project in the repository stays known, so that it is not read again.
        return [ref, { tip, line: { ...parsed, commits: isOurs ? all : [] } }] as const;
      }),
    );
    return new Map(entries.filter((entry) => entry !== null));
  }
}

function difference(
  previous: ReadonlyMap<string, Experiment>,
  experiments: readonly Experiment[],
  /** Baselines whose experiments are listed elsewhere now. */
  moved: ReadonlySet<string>,
): ExperimentsChange {
  const added: Checkpoint[] = [];
  const changed = new Set<string>();
  for (const experiment of experiments) {
    const before = previous.get(experiment.ref);
    if (moved.has(experiment.baseline)) changed.add(experiment.name);
    if (before === experiment) continue;
    const known = before?.checkpoints ?? [];
    if (before !== undefined && !isContinuation(experiment, before)) changed.add(experiment.name);
    const shas = new Set(known.map(({ sha }) => sha));
    added.push(...experiment.checkpoints.filter(({ sha }) => !shas.has(sha)));
  }
  const names = new Set(experiments.map(({ name }) => name));
  const gone = [...previous.values()].filter(({ name }) => !names.has(name));
  return { added, changed: [...changed], removed: [...new Set(gone.map(({ name }) => name))] };
}

/** Whether an experiment is what it was before, but for checkpoints at the end. */
function isContinuation(experiment: Experiment, before: Experiment): boolean {
  return (
    experiment.createdAt === before.createdAt &&
    experiment.resumedFrom?.sha === before.resumedFrom?.sha &&
    before.checkpoints.every((checkpoint, index) => checkpoint === experiment.checkpoints[index])
  );
}
