import { resolve } from "node:path";
import type { Pipeline, Stage, StageStatus } from "../pipeline/stage.ts";
import { stageStatuses } from "../pipeline/status.ts";
import type { RunServices } from "./services.ts";

type Services = Pick<RunServices, "project" | "hasher">;

/** How the stages of a pipeline stand now, by address. */
export function statusesOf(
  { project, hasher }: Services,
  pipeline: Pipeline,
): Promise<ReadonlyMap<string, StageStatus>> {
  return stageStatuses(project, pipeline, (path, legacy) =>
    hasher.hashPath(resolve(project.root, path), legacy),
  );
}

/** How one stage stands now, as it was planned: `dvc.yaml` may have been edited since. */
export async function statusOf(services: Services, stage: Stage): Promise<StageStatus | undefined> {
  return (await statusesOf(services, { stages: [stage], problems: [], files: [] })).get(stage.address);
}
