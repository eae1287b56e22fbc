import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute("git", args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
  return stdout;
}

/** Whether Git knows whom to name as author. */
function hasIdentity(folder: string): Promise<boolean> {
  return git(folder, "config", "user.email").then(
    (address) => address.trim() !== "",
    () => false,
  );
}

/**
 * Copies an example of the checkout into a new temporary folder and makes that a Git repository with one commit.
 * What Git ignores in the example (results of earlier runs) stays behind. Returns the copy's absolute path.
 */
export async function copyExample(checkout: string, name: string): Promise<string> {
  const source = join(checkout, "examples", name);
  const copy = join(await realpath(await mkdtemp(join(tmpdir(), "savepoint-"))), name);
  const files = await git(source, "ls-files", "-z", "--cached", "--others", "--exclude-standard", ".");
  for (const file of new Set(files.split("\0").filter(Boolean))) {
    // A file that was deleted and not yet committed is still listed.
    if (existsSync(join(source, file))) await cp(join(source, file), join(copy, file));
  }
  await git(copy, "init", "--quiet", "--initial-branch=main");
  if (!(await hasIdentity(copy))) {
    await git(copy, "config", "user.name", "Savepoint Example");
    await git(copy, "config", "user.email", "example@savepoint.invalid");
  }
  await git(copy, "add", "--all");
  await git(
    copy,
    "-c",
    "commit.gpgSign=false",
    "commit",
    "--quiet",
    "--no-verify",
    `--message=Example ${name}`,
  );
  return copy;
}
