import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
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
