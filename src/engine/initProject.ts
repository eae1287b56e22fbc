import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { failure, type Result, success } from "./result.ts";
import { describeFailure } from "./store/failures.ts";

const files: readonly (readonly [name: string, content: string])[] = [
  [".dvc/config", ""],
  [".dvc/.gitignore", "/config.local\n/tmp\n/cache\n"],
  [
    ".dvcignore",
    "# Add patterns of files dvc should ignore, which could improve\n" +
      "# the performance. Learn more at\n" +
      "# https://dvc.org/doc/user-guide/dvcignore\n",
  ],
];

/**
 * Makes the `.dvc` folder as `dvc init` does, but leaves Git's index alone. What is there already stays as it is.
 * Returns the project-relative paths of what it made. Fails with `not-a-directory`, or as {@link describeFailure} says.
 */
export async function initProject(directory: string): Promise<Result<{ created: string[] }>> {
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) {
    return failure(
      "not-a-directory",
      `${directory} is not a folder: name the folder of your project.`,
      directory,
    );
  }
  const created: string[] = [];
  try {
    await mkdir(join(directory, ".dvc", "tmp"), { recursive: true });
    for (const [name, content] of files) {
      try {
        await writeFile(join(directory, name), content, { flag: "wx" });
        created.push(name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } catch (error) {
    return { ok: false, problem: describeFailure(error, "The .dvc folder could not be made") };
  }
  return success({ created });
}
