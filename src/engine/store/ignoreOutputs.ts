import { readFile, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";

/**
 * Adds the stage's cached outputs to the `.gitignore` of their folders in the workspace, as DVC does when it runs a
 * stage. Those that are ignored already stay as they are. Returns the project-relative paths of the files it changed.
 */
export async function ignoreOutputs(project: Project, stage: Stage): Promise<readonly string[]> {
  const additions = await missingIgnores(project, stage);
  for (const [file, patterns] of additions) {
    const path = join(project.root, file);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    await writeFile(path, withPatterns(text, patterns));
  }
  return [...additions.keys()];
}

/** The patterns that Git needs to ignore a stage's cached outputs, by project-relative `.gitignore`. */
export async function missingIgnores(
  project: Project,
  stage: Stage,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const paths = stage.outputs.filter((output) => output.cache).map((output) => output.path);
  const additions = new Map<string, string[]>();
  if (paths.length === 0) return additions;
  const answer = await new Git(project.root).run(["check-ignore", "--no-index", "-z", "--stdin"], {
    input: paths.join("\0"),
  });
  const ignored = new Set(answer.stdout.toString("utf8").split("\0"));
  for (const path of paths) {
    if (ignored.has(path)) continue;
    const file = posix.join(posix.dirname(path), ".gitignore");
    const patterns = additions.get(file) ?? [];
    patterns.push(`/${escapePattern(posix.basename(path))}`);
    additions.set(file, patterns);
  }
  return additions;
}

/** A `.gitignore` text with patterns added at its end, one a line. */
export function withPatterns(text: string, patterns: readonly string[]): string {
  const start = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  return `${start}${patterns.join("\n")}\n`;
}

/** A name as a pattern that matches just it. */
function escapePattern(name: string): string {
  const escaped = name.replace(/[\\*?[\]]/g, "\\$&").replace(/[\r\n]/g, "?");
  return escaped.endsWith(" ") ? `${escaped.slice(0, -1)}\\ ` : escaped;
}
