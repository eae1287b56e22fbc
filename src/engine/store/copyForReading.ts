import { randomUUID } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Checkpoint } from "../model.ts";
import type { Project } from "../project.ts";
import { failure, type Result, success } from "../result.ts";
import { savepointDirectory } from "../system/layout.ts";
import { exportCheckpoint } from "./exportCheckpoint.ts";
import { describeFailure } from "./failures.ts";
import type { Hasher } from "./hasher.ts";
import { labelOf } from "./restorePlan.ts";
import { exists } from "./statOf.ts";

/**
 * The absolute path of a copy of a recorded file or folder, which programs can open by its own name and keep opening:
 * it stays where it is, outside of what Git and the stages see. Fails with `not-recorded`, `object-missing` or
 * `object-damaged`.
 */
export async function copyForReading(
  project: Project,
  checkpoint: Checkpoint,
  path: string,
  hasher: Hasher,
): Promise<Result<string>> {
  const parent = join(savepointDirectory(project), "loaded");
  const copy = join(parent, checkpoint.sha.slice(0, 12), path);
  if (await exists(copy)) return success(copy);
  const incoming = join(parent, `incoming-${randomUUID()}`);
  try {
    const exported = await exportCheckpoint(project, checkpoint, incoming, hasher, [path]);
    if (!exported.ok) return exported;
    const source = join(incoming, project.prefix, path);
    if (!(await exists(source))) {
      return failure(
        "not-recorded",
        `${labelOf(checkpoint)} has no ${path}. Choose one of its outputs.`,
        path,
      );
    }
    await mkdir(dirname(copy), { recursive: true });
    await rename(source, copy).catch(async (error: unknown) => {
      // Another window was faster.
      if (!(await exists(copy))) throw error;
    });
    return success(copy);
  } catch (error) {
    return {
      ok: false,
      problem: describeFailure(error, `${path} of ${labelOf(checkpoint)} could not be copied`),
    };
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}
