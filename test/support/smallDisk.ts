import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { cp, rm } from "node:fs/promises";
import type { TestContext } from "node:test";

/** A file system of its own at a path. */
export interface SmallDisk {
  /** Mounts it again with other options, such as `ro` or `size=8m`. */
  change(options: string): void;
  unmount(): void;
}

/** Mounts a file system at a path; `null`, with the test skipped, where mounting is not allowed. */
export function mountDisk(t: TestContext, path: string, options: string): SmallDisk | null {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path], { stdio: "ignore" });
  } catch {
    t.skip("mounting is not allowed here");
    return null;
  }
  return {
    change: (changed) => void execFileSync("mount", ["-o", `remount,${changed}`, path]),
    unmount: () => void execFileSync("umount", ["--lazy", path]),
  };
}

/** Does some work while a folder, with all that is in it, lies on a disk of that size; skips the test where that can't be. */
export async function onSmallDisk(
  t: TestContext,
  folder: string,
  size: string,
  work: (disk: SmallDisk) => Promise<void>,
): Promise<void> {
  const copy = `${folder}-copy`;
  await cp(folder, copy, { recursive: true });
  t.after(() => rm(copy, { recursive: true, force: true }));
  const disk = mountDisk(t, folder, `size=${size}`);
  if (disk === null) return;
  try {
    await cp(copy, folder, { recursive: true });
    await work(disk);
  } finally {
    disk.unmount();
  }
}
