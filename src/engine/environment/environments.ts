import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Disposable } from "../event.ts";
import type { Environment } from "../model.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { savepointDirectory } from "../system/layout.ts";
import { readJson, writeJson } from "../system/versionedJson.ts";
import { parseEnvironment } from "./environment.ts";
import { type FoundPrograms, findPrograms, isScript, type SearchPlace } from "./findPrograms.ts";
import { askNode, askPython, type PythonFacts, type Remembered, stillHolds } from "./probe.ts";

/** What a stage's commands really ran in: the part that decides which programs they find. */
export type StageSearch = Pick<SearchPlace, "path" | "virtualEnvironment">;

/** What is kept between runs: answers of programs by their path, and what each stage ran with last. */
interface Memory {
  readonly version: 1;
  readonly pythons: { readonly [program: string]: Remembered<PythonFacts> };
  readonly nodes: { readonly [program: string]: Remembered<string> };
  readonly stages: { readonly [address: string]: StageSearch };
}

/** For how long what a stand-in answered is taken to be so, while a person looks at one thing after another. */
const recentMilliseconds = 10_000;

/** Programs and stages that are remembered. */
const kept = 40;

/**
 * Finds out in what environment stages run: which Python and Node, with which packages. Programs are asked in the
 * background, and again only when something was installed since. Owned by the engine.
 */
export class Environments implements Disposable {
  readonly #project: Project;
  /** Whether stages see this process's own variables: the command line's do, an editor's terminal has its own. */
  readonly #isShared: boolean;
  readonly #closed = new AbortController();
  readonly #asked = new Map<string, Promise<unknown>>();
  /** Answers that hold for a moment only, as those of a version manager's stand-ins: see {@link stillHolds}. */
  readonly #recent = new Map<string, { readonly at: number; readonly facts: PythonFacts }>();
  #memory: Memory | null = null;

  constructor(project: Project, isShared: boolean) {
    this.#project = project;
    this.#isShared = isShared;
  }

  /** The environment of a stage that was launched in a folder with these variables; `null`: no such program. */
  async ofLaunched(stage: Stage, root: string, search: StageSearch): Promise<Environment | null> {
    const last = this.#recall().stages[stage.address];
    const isNew = last?.path !== search.path || last.virtualEnvironment !== search.virtualEnvironment;
    if (isNew) this.#remember({ stages: { [stage.address]: search } });
    return this.#environmentOf(stage, { ...search, root, directory: join(root, stage.workingDirectory) });
  }

  /** The environment that a stage would have now. An editor's terminals are taken to be as they were the last time. */
  async now(stage: Stage): Promise<Environment | null> {
    const own = searchOf(process.env);
    const last =
      this.#isShared || own.virtualEnvironment !== null ? undefined : this.#recall().stages[stage.address];
    const { root } = this.#project;
    return this.#environmentOf(stage, {
      ...(last ?? own),
      root,
      directory: join(root, stage.workingDirectory),
    });
  }

  dispose(): void {
    this.#closed.abort();
  }

  async #environmentOf(stage: Stage, place: SearchPlace): Promise<Environment | null> {
    const found = findPrograms(stage.commands, place);
    const [python, node] = await Promise.all([this.#python(found, place), this.#node(found, place)]);
    return parseEnvironment({ python: python?.version, packages: python?.packages, node });
  }

  async #python({ python }: FoundPrograms, place: SearchPlace): Promise<PythonFacts | null> {
    if (python === null) return null;
    const known = this.#recall().pythons[python];
    if (known !== undefined && stillHolds(python, known)) return known.facts;
    const recent = this.#recent.get(python);
    if (recent !== undefined && Date.now() - recent.at < recentMilliseconds) return recent.facts;
    const answer = await this.#once(python, () =>
      askPython(python, place.directory, variablesOf(place), this.#closed.signal),
    );
    if (answer === null) return null;
    if (isScript(python)) this.#recent.set(python, { at: Date.now(), facts: answer.facts });
    else this.#remember({ pythons: { [python]: answer } });
    return answer.facts;
  }

  async #node({ node }: FoundPrograms, place: SearchPlace): Promise<string | null> {
    if (node === null) return null;
    const known = this.#recall().nodes[node];
    if (known !== undefined && stillHolds(node, known)) return known.facts;
    const answer = await this.#once(node, () =>
      askNode(node, place.directory, variablesOf(place), this.#closed.signal),
    );
    if (answer !== null) this.#remember({ nodes: { [node]: answer } });
    return answer?.facts ?? null;
  }

  /** Several stages that start with the same program share one question. */
  #once<Answer>(program: string, ask: () => Promise<Answer>): Promise<Answer> {
    const under = this.#asked.get(program) as Promise<Answer> | undefined;
    if (under !== undefined) return under;
    const asking = ask().finally(() => this.#asked.delete(program));
    this.#asked.set(program, asking);
    return asking;
  }

  get #file(): string {
    return join(savepointDirectory(this.#project), "environments.json");
  }

  #recall(): Memory {
    this.#memory ??= readMemory(this.#file);
    return this.#memory;
  }

  /** What can't be kept is asked again next time. */
  #remember(news: Partial<Omit<Memory, "version">>): void {
    const known = this.#recall();
    this.#memory = {
      version: 1,
      pythons: newest({ ...known.pythons, ...news.pythons }),
      nodes: newest({ ...known.nodes, ...news.nodes }),
      stages: newest({ ...known.stages, ...news.stages }),
    };
    try {
      mkdirSync(savepointDirectory(this.#project), { recursive: true });
      writeJson(this.#file, this.#memory);
    } catch {
      // A full disk, or a project that can only be read.
    }
  }
}

/** The variables of an environment that decide which programs a command finds. */
function searchOf(variables: NodeJS.ProcessEnv): StageSearch {
  const { PATH = "", VIRTUAL_ENV, CONDA_PREFIX } = variables;
  return { path: PATH, virtualEnvironment: VIRTUAL_ENV || CONDA_PREFIX || null };
}

function variablesOf({ path, virtualEnvironment }: SearchPlace): NodeJS.ProcessEnv {
  const { VIRTUAL_ENV: _, ...own } = process.env;
  return {
    ...own,
    PATH: path,
    ...(virtualEnvironment === null ? {} : { VIRTUAL_ENV: virtualEnvironment }),
    // Looking at an environment must not leave files in it.
    PYTHONDONTWRITEBYTECODE: "1",
  };
}

function newest<Entry>(entries: { readonly [key: string]: Entry }): { readonly [key: string]: Entry } {
  return Object.fromEntries(Object.entries(entries).slice(-kept));
}

/** The file is ours, but it may be damaged or from another version: what is not understood is asked anew. */
function readMemory(path: string): Memory {
  const memory = readJson<Memory>(path);
  return {
    version: 1,
    pythons: entriesOf(memory?.pythons, isRemembered),
    nodes: entriesOf(memory?.nodes, isRemembered),
    stages: entriesOf(memory?.stages, ({ path: search }) => typeof search === "string"),
  };
}

function entriesOf<Entry extends object>(
  entries: { readonly [key: string]: Entry } | undefined,
  isEntry: (entry: Entry) => boolean,
): { readonly [key: string]: Entry } {
  const valid = Object.entries(entries ?? {}).filter(
    ([, entry]) => typeof entry === "object" && entry !== null && isEntry(entry),
  );
  return Object.fromEntries(valid);
}

function isRemembered({ facts, stamps }: Remembered<unknown>): boolean {
  return facts !== undefined && typeof stamps === "object" && stamps !== null;
}
