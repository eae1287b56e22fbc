import { isOutside } from "../pipeline/build.ts";
import type { Pipeline, Stage } from "../pipeline/stage.ts";
import type { Project } from "../project.ts";
import { Git } from "../system/git.ts";
import type { CaptureRequest } from "./capture.ts";
import { isMadeBy } from "./checkpointValues.ts";

/**
 * What a snapshot copies: what the stage says it makes, the params that it may be given while it runs, and files with
 * values that no stage makes, such as those of `shownValues`.
 */
export function capturedItems(stage: Stage | null, shown: readonly string[] = []): CaptureRequest["items"] {
  if (stage === null) return [];
  // What lies elsewhere (`s3://…`, another folder) is not ours to copy.
  const inside = stage.outputs.filter(({ path }) => !isOutside(path) && path !== "");
  const outputs = inside.map(({ path, cache }) => ({
    path,
    role: "output" as const,
    side: cache ? ("cache" as const) : ("git" as const),
  }));
  const files = new Set(["params.yaml", ...stage.params.map(({ file }) => file), ...shown]);
  for (const { path } of outputs) files.delete(path);
  for (const path of files) if (isOutside(path)) files.delete(path);
  return [...outputs, ...[...files].map((path) => ({ path, role: "values" as const, side: "git" as const }))];
}

/**
 * The metrics and params files that a pipeline shows and no stage makes: training code writes them on its own, as
 * DVCLive does. Those that Git ignores are in no checkpoint.
 */
export async function shownValues(project: Project, { stages, shown }: Pipeline): Promise<readonly string[]> {
  const isMade = (path: string) => stages.some((stage) => isMadeBy(stage, path));
  const paths = [...(shown?.metrics ?? []), ...(shown?.params ?? [])];
  const candidates = paths.filter((path) => path !== "" && !isOutside(path) && !isMade(path));
  if (candidates.length === 0) return [];
  const answer = await new Git(project.root).run(["check-ignore", "-z", "--stdin"], {
    input: candidates.join("\0"),
  });
  const ignored = new Set(answer.stdout.toString("utf8").split("\0"));
  return candidates.filter((path) => !ignored.has(path));
}
