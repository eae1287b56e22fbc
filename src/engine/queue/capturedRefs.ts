import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";

/** The folder of refs that keep the code of queued runs. */
const capturedRefs = "refs/savepoint/queue/";

/** Keeps a captured commit for an entry until its run is over. Throws when Git can't. */
export async function keepCaptured(project: Project, ids: readonly string[], commit: string): Promise<void> {
  await update(
    project,
    ids.map((id) => `create ${capturedRefs}${id} ${commit}`),
  );
}

/** Lets go of all captured commits but those of the given entries. */
export async function keepOnlyCaptured(project: Project, ids: readonly string[]): Promise<void> {
  const listed = await new Git(project.root).text(["for-each-ref", "--format=%(refname)", capturedRefs]);
  const wanted = new Set(ids.map((id) => capturedRefs + id));
  const refs = listed.split("\n").filter((ref) => ref !== "" && !wanted.has(ref));
  await update(
    project,
    refs.map((ref) => `delete ${ref}`),
  );
}

async function update(project: Project, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await new Git(project.root).bytes(["update-ref", "--stdin"], { input: `${lines.join("\n")}\n` });
}
