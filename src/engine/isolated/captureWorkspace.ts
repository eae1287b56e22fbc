import { loadPipeline } from "../pipeline/load.ts";
import type { Project } from "../project.ts";
import { CommitWriter } from "../store/commitWriter.ts";
import { withIndex } from "../store/trackedFiles.ts";
import { indexOfWorkspace } from "../store/workspaceIndex.ts";
import { Git } from "../system/git.ts";

/**
 * Records the code and params of the workspace as they are now in a commit on top of HEAD that no ref names. HEAD, the
 * user's index and the files stay as they are. `time` is in milliseconds since the epoch. Throws when Git can't.
 */
export async function captureWorkspace(project: Project, time: number): Promise<string> {
  const pipeline = await loadPipeline(project);
  const head = await new Git(project.workTree).text(["rev-parse", "--verify", "HEAD^{commit}"]);
  const tree = await withIndex(project, async (path) =>
    (await indexOfWorkspace(project, pipeline, path)).writeTree(),
  );
  const message = "savepoint: the workspace as an isolated run sees it\n";
  return new CommitWriter(project).commit({ tree, parent: head, message, time });
}
