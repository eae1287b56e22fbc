import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An XFS file system of its own, in a sparse file: there a copy can share the blocks of its original. */
export interface XfsDisk {
  /** The folder where it is mounted. */
  readonly path: string;
}

/**
 * Does some work with an XFS of the given size in bytes, which is taken away after it, also when this process is
 * interrupted. `null`, with a line that says why, where no XFS can be made or mounted.
 */
export async function withXfs<Value>(
  bytes: number,
  say: (text: string) => void,
  work: (disk: XfsDisk) => Promise<Value>,
): Promise<Value | null> {
  const folder = mkdtempSync(join(tmpdir(), "savepoint-xfs-"));
  const [image, path] = [join(folder, "image"), join(folder, "disk")];
  let isMounted = false;
  const remove = () => {
    if (isMounted) execFileSync("umount", ["--lazy", path]);
    isMounted = false;
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupt = () => process.exit(130);
  process.once("exit", remove);
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    try {
      writeFileSync(image, "");
      truncateSync(image, bytes);
      mkdirSync(path);
      execFileSync("mkfs.xfs", ["-q", image], { stdio: "pipe" });
      execFileSync("mount", ["-o", "loop", image, path], { stdio: "pipe" });
    } catch (error) {
      say(`NOT MEASURED on XFS: ${whyNot(error)}`);
      return null;
    }
    isMounted = true;
    return await work({ path });
  } finally {
    process.off("exit", remove);
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    remove();
  }
}

function whyNot(error: unknown): string {
  const { code, path, stderr, message } = error as NodeJS.ErrnoException & { stderr?: Buffer };
  if (code === "ENOENT" && path?.endsWith("mkfs.xfs")) return "install xfsprogs, which brings mkfs.xfs";
  const said = stderr?.toString("utf8").trim().split("\n")[0];
  return `${said || message} (mounting needs root and a loop device)`;
}
