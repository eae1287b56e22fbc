import type { Checkpoint } from "../model.ts";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";

/** The mail address under which Git signs here; that of Savepoint's stand-in where Git was told none. */
export async function ownAddress(project: Project): Promise<string> {
  const git = new Git(project.workTree);
  const signature = await git.textOrNull(["var", "GIT_AUTHOR_IDENT"]);
  const configured = await git.textOrNull(["config", "user.email"]);
  return /<([^>]*)>/.exec(signature ?? "")?.[1] || configured || "savepoint@localhost";
}

/** The mail addresses of those who recorded checkpoints, by commit. */
export async function authorsOf(
  project: Project,
  checkpoints: readonly Checkpoint[],
): Promise<ReadonlyMap<string, string>> {
  const input = `${[...new Set(checkpoints.map(({ sha }) => sha))].join("\n")}\n`;
  const args = ["log", "--no-walk=unsorted", "--stdin", "--format=%H %ae"];
  const listed = await new Git(project.workTree).text(args, { input });
  const lines = listed.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(" ")), line.slice(line.indexOf(" ") + 1)]));
}
