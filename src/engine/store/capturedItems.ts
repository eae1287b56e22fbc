import { isOutside } from "../pipeline/build.ts";
import type { Stage } from "../pipeline/stage.ts";
import type { CaptureRequest } from "./capture.ts";

/** What a snapshot copies: what the stage says it makes, and the params that it may be given while it runs. */
export function capturedItems(stage: Stage | null): CaptureRequest["items"] {
  if (stage === null) return [];
  // What lies elsewhere (`s3://…`, another folder) is not ours to copy.
  const inside = stage.outputs.filter(({ path }) => !isOutside(path) && path !== "");
  const outputs = inside.map(({ path, cache }) => ({
    path,
    role: "output" as const,
    side: cache ? ("cache" as const) : ("git" as const),
  }));
  const files = new Set(["params.yaml", ...stage.params.map(({ file }) => file)]);
  for (const { path } of outputs) files.delete(path);
  for (const path of files) if (isOutside(path)) files.delete(path);
  return [...outputs, ...[...files].map((path) => ({ path, role: "params" as const, side: "git" as const }))];
}
