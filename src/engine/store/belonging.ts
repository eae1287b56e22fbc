import type { RecordedCommit } from "./assemble.ts";
import type { CatFile } from "./catFile.ts";
import type { CommitReader } from "./commitReader.ts";
import { readTree, type TreeEntry } from "./gitObjects.ts";

/**
 * Whether an experiment is one of the project at a prefix, as a repository may hold several. Savepoint's commits say it.
 * Others, such as DVC's, are of the projects in which they changed something since their baseline; one that changed
 * nothing, or something outside of all projects, may be of any.
 */
export async function belongsTo(
  prefix: string,
  line: readonly RecordedCommit[],
  baseline: string,
  { commits, objects }: { readonly commits: CommitReader; readonly objects: CatFile },
): Promise<boolean> {
  const said = line.findLast(({ message }) => message?.project !== undefined)?.message?.project;
  if (said !== undefined) return said === prefix;
  const tip = line.at(-1);
  const [now, before] = [tip && (await commits.treeOf(tip.sha)), await commits.treeOf(baseline)];
  if (!now || !before) return true;
  const changed = await changedProjects((id) => readTree(objects, id), before, now);
  return changed.size === 0 || changed.has(prefix) || changed.has(null);
}

/** The prefixes of the projects in which two trees differ; `null` for what is in none. */
async function changedProjects(
  read: (id: string) => Promise<readonly TreeEntry[]>,
  before: string,
  now: string,
): Promise<ReadonlySet<string | null>> {
  const changed = new Set<string | null>();
  const visit = async (beforeId: string | null, nowId: string | null, path: string, above: string | null) => {
    const [old, current] = await Promise.all([beforeId, nowId].map((id) => (id === null ? [] : read(id))));
    const known = new Map(old?.map((entry) => [entry.name, entry]));
    const isProject = [...known.values(), ...(current ?? [])].some(
      ({ name, kind }) => name === ".dvc" && kind === "folder",
    );
    const project = isProject ? path : above;
    const names = new Set([...known.keys(), ...(current ?? []).map(({ name }) => name)]);
    for (const name of names) {
      const [then, there] = [known.get(name), current?.find((entry) => entry.name === name)];
      if (then?.id === there?.id) continue;
      const folderOf = (entry: TreeEntry | undefined) => (entry?.kind === "folder" ? entry.id : null);
      if (folderOf(then) === null && folderOf(there) === null) changed.add(project);
      else await visit(folderOf(then), folderOf(there), `${path}${name}/`, project);
    }
  };
  await visit(before, now, "", null);
  return changed;
}
