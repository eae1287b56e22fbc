import { cp } from "node:fs/promises";
import { join } from "node:path";
import { type TemporaryProject, temporaryProject } from "./temporaryProject.ts";

/** A fresh copy of the example `examples/digits` in a repository of its own, all committed. */
export async function digitsProject(): Promise<TemporaryProject> {
  const project = await temporaryProject();
  await cp(join(import.meta.dirname, "../../examples/digits"), project.root, {
    recursive: true,
    filter: (source) => !/(__pycache__|\/prepared|\/model\.json)$/.test(source),
  });
  await project.commit("Digits");
  return project;
}
