import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/**
 * Every file below a folder by relative path, with its mode and the hash of its bytes, or a link's target. `skip` are
 * relative paths that are left out; by default what Savepoint and Git write to.
 */
export async function snapshotOfFolder(
  root: string,
  skip: readonly string[] = [".git", ".dvc/tmp", ".dvc/cache"],
): Promise<{ readonly [path: string]: string }> {
  const found: { [path: string]: string } = {};
  const visit = async (relative: string) => {
    for (const entry of await readdir(join(root, relative), { withFileTypes: true })) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (skip.includes(path)) continue;
      if (entry.isDirectory()) {
        await visit(path);
        continue;
      }
      const absolute = join(root, path);
      const mode = ((await lstat(absolute)).mode & 0o7777).toString(8);
      found[path] = entry.isSymbolicLink()
        ? `link to ${await readlink(absolute)}`
        : `${mode} ${createHash("sha256")
            .update(await readFile(absolute))
            .digest("hex")}`;
    }
  };
  await visit("");
  return found;
}
