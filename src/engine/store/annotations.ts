import { setTimeout } from "node:timers/promises";
import type { Annotations, Answer, RunEnd, Value } from "../model.ts";
import type { Project } from "../project.ts";
import { asAnswerValue } from "../signal/question.ts";
import { Git, GitError } from "../system/git.ts";
import { CatFile } from "./catFile.ts";
import { notesRef } from "./experimentRef.ts";
import { parseCommit, readTree } from "./gitObjects.ts";

/** What a checkpoint without a note has. */
export const noAnnotations: Annotations = {
  note: null,
  tags: [],
  starred: false,
  pinned: false,
  thinned: false,
  end: null,
  answer: null,
};

/** Times that a change is tried when others change the notes too, and the longest pause between, in milliseconds. */
const attempts = 50;
const longestPause = 20;

/**
 * Reads one Git note. Anything that a person wrote with `git notes` is taken as the note's text; JSON fields that make
 * no sense are taken as absent.
 */
function parseAnnotations(text: string): Annotations {
  const fields = parseFields(text);
  const tags = Array.isArray(fields.tags) ? fields.tags : [];
  return {
    note: typeof fields.note === "string" && fields.note !== "" ? fields.note : null,
    tags: [...new Set(tags.filter((tag): tag is string => typeof tag === "string" && tag !== ""))],
    starred: fields.starred === true,
    pinned: fields.pinned === true,
    thinned: fields.thinned === true,
    end: parseEnd(fields.end),
    answer: parseAnswer(fields.answer),
  };
}

/**
 * The text of the note `text` after a change, without what says nothing; fields of other versions stay as they are.
 * `null` when nothing is left.
 */
function patchAnnotations(text: string | null, patch: Partial<Annotations>): string | null {
  const fields = text === null ? {} : parseFields(text);
  const merged = Object.entries({ ...fields, ...patch }).filter(([, value]) => {
    return value !== null && value !== false && value !== "" && !(Array.isArray(value) && value.length === 0);
  });
  return merged.length === 0 ? null : `${JSON.stringify(Object.fromEntries(merged))}\n`;
}

/** Reads the notes of a repository, keeping what was read: notes and folders of notes never change, only their ref. */
export class AnnotationReader {
  readonly #objects: CatFile;
  #commit: string | null = null;
  #annotations: ReadonlyMap<string, Annotations> = new Map();
  #notes = new Map<string, Annotations>();

  constructor(objects: CatFile) {
    this.#objects = objects;
  }

  /** By commit id, as of this commit of the notes' ref (`null`: there are none). The same map while nothing changed. */
  async read(commit: string | null): Promise<ReadonlyMap<string, Annotations>> {
    if (commit === this.#commit) return this.#annotations;
    const blobs = commit === null ? new Map<string, string>() : await noteBlobs(this.#objects, commit);
    const notes = new Map<string, Annotations>();
    const annotations = new Map<string, Annotations>();
    await Promise.all(
      [...blobs].map(async ([sha, blob]) => {
        const note = this.#notes.get(blob) ?? (await this.#readNote(blob));
        notes.set(blob, note);
        annotations.set(sha, note);
      }),
    );
    [this.#commit, this.#annotations, this.#notes] = [commit, annotations, notes];
    return annotations;
  }

  async #readNote(blob: string): Promise<Annotations> {
    const object = await this.#objects.read(blob);
    return object === null ? noAnnotations : parseAnnotations(object.content.toString("utf8"));
  }
}

/** A change of what is noted, or what makes it from the note as it is; `null` leaves that alone. */
export type AnnotationChange = Partial<Annotations> | ((before: Annotations) => Partial<Annotations> | null);

/**
 * Changes what is noted about a commit; fields that the change does not have stay. Goes on from what others write at
 * the same time. Resolves with what is noted then. Throws {@link GitError} when Git can't write.
 */
export async function annotate(
  project: Project,
  sha: string,
  change: AnnotationChange,
): Promise<Annotations> {
  const git = new Git(project.root);
  const objects = new CatFile(project.root);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const tip = await git.textOrNull(["rev-parse", "--verify", "--quiet", notesRef]);
      const blob = tip === null ? undefined : (await noteBlobs(objects, tip)).get(sha);
      const before =
        blob === undefined ? null : ((await objects.read(blob))?.content.toString("utf8") ?? null);
      const after = changedNote(before, change);
      if (after === before) return annotationsOf(after);
      // fast-import keeps Git's own layout of notes and moves the ref only if it is still where we saw it.
      const args = ["fast-import", "--quiet", "--date-format=now"];
      const output = await git.run(args, { input: notesCommit(tip, sha, after) });
      if (output.code === 0) return annotationsOf(after);
      const isMoved = (await git.textOrNull(["rev-parse", "--verify", "--quiet", notesRef])) !== tip;
      const isLocked = output.stderr.includes(".lock");
      if ((!isMoved && !isLocked) || attempt >= attempts) throw new GitError(args, output);
      await setTimeout(Math.random() * longestPause);
    }
  } finally {
    objects.dispose();
  }
}

function changedNote(before: string | null, change: AnnotationChange): string | null {
  const patch = typeof change === "function" ? change(annotationsOf(before)) : change;
  return patch === null ? before : patchAnnotations(before, patch);
}

function annotationsOf(text: string | null): Annotations {
  return text === null ? noAnnotations : parseAnnotations(text);
}

function notesCommit(tip: string | null, sha: string, text: string | null): string {
  const subject = "savepoint: annotate a checkpoint";
  return [
    `commit ${notesRef}\n`,
    `committer Savepoint <savepoint@localhost> now\n`,
    `data ${subject.length}\n${subject}\n`,
    tip === null ? "" : `from ${tip}\n`,
    text === null
      ? `N ${"0".repeat(sha.length)} ${sha}\n`
      : `N inline ${sha}\ndata ${Buffer.byteLength(text)}\n${text}\n`,
    "done\n",
  ].join("");
}

/** The blob of each note by the commit that it is about; Git spreads many notes over folders of two digits each. */
async function noteBlobs(objects: CatFile, commit: string): Promise<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>();
  const object = await objects.read(commit);
  const root = object?.type === "commit" ? parseCommit(commit, object.content) : null;
  const collect = async (tree: string, prefix: string): Promise<void> => {
    const entries = await readTree(objects, tree);
    await Promise.all(
      entries.map(async ({ name, kind, id }) => {
        const digits = prefix + name;
        if (!/^[0-9a-f]+$/.test(name) || digits.length > commit.length) return;
        if (kind === "folder") await collect(id, digits);
        else if (digits.length === commit.length) blobs.set(digits, id);
      }),
    );
  };
  if (root !== null) await collect(root.tree, "");
  return blobs;
}

function parseFields(text: string): { readonly [key: string]: Value } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as { readonly [key: string]: Value };
    }
  } catch {
    // Somebody wrote it with `git notes`.
  }
  return { note: text.trim() };
}

function parseAnswer(value: Value | undefined): Answer | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { value: given, at, by } = value as { readonly [key: string]: Value };
  const answer = asAnswerValue(given);
  if (answer === undefined) return null;
  return {
    value: answer,
    at: typeof at === "number" ? at : 0,
    by: typeof by === "string" && by !== "" ? by : null,
  };
}

function parseEnd(value: Value | undefined): RunEnd | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { state, code, signal, at } = value as { readonly [key: string]: Value };
  const known = (["succeeded", "failed", "interrupted", "lost"] as const).find((name) => name === state);
  if (known === undefined) return null;
  return {
    state: known,
    code: typeof code === "number" ? code : null,
    signal: typeof signal === "string" ? signal : null,
    at: typeof at === "number" ? at : 0,
  };
}
