import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { downloadAndUnzipVSCode } from "@vscode/test-electron";
import { cacheFolder } from "../setup/codeServer.mjs";
import { findProgram } from "../setup/command.mjs";
import { say } from "../setup/say.mjs";

const probeLimit = 4_000;
/** Milliseconds without progress after which a download is given up. */
const stallLimit = 15_000;

const programs = ["code", "code-insiders", "codium", "vscodium"];

function usualPlaces(): readonly string[] {
  const local = process.env.LOCALAPPDATA ?? "";
  const mac = (app: string, name: string) => `${app}.app/Contents/Resources/app/bin/${name}`;
  return [
    "/usr/share/code/bin/code",
    "/usr/share/codium/bin/codium",
    "/snap/bin/code",
    ...["/Applications", join(homedir(), "Applications")].flatMap((folder) => [
      join(folder, mac("Visual Studio Code", "code")),
      join(folder, mac("Visual Studio Code - Insiders", "code")),
      join(folder, mac("VSCodium", "codium")),
    ]),
    join(local, "Programs/Microsoft VS Code/bin/code.cmd"),
    join(local, "Programs/VSCodium/bin/codium.cmd"),
  ];
}

/** Whether this machine can show windows. */
export function hasDesktop(): boolean {
  if (process.platform !== "linux") return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** A desktop VS Code of this machine, or null. The `code` of a remote window can't load an extension; it is passed by. */
export function findVscode(): string | null {
  const onPath = programs.map((name) => findProgram(name)).filter((path) => path !== null);
  const found = [...onPath, ...usualPlaces().filter((path) => existsSync(path))];
  return found.find((path) => !path.includes("remote-cli")) ?? null;
}

/** Downloads VS Code into the cache folder, unless it is there. Null when that is not possible. */
export async function downloadVscode(): Promise<string | null> {
  try {
    await fetch("https://update.code.visualstudio.com/api/releases/stable", {
      signal: AbortSignal.timeout(probeLimit),
    });
    say("Downloading VS Code, since there is none on this machine …");
    return await downloadAndUnzipVSCode({
      version: "stable",
      cachePath: join(cacheFolder(), "vscode"),
      timeout: stallLimit,
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`VS Code can't be downloaded (${reason}).`);
    return null;
  }
}

/**
 * Opens a window with the extension of the checkout, with data of its own so that the user's VS Code stays as it is.
 * Resolves when the window is closed or `abort` fires; rejects when VS Code can't be started.
 */
export function openDesktop(
  program: string,
  folders: { readonly checkout: string; readonly project: string; readonly data: string },
  abort: AbortSignal,
): Promise<void> {
  const args = [
    "--new-window",
    `--extensionDevelopmentPath=${folders.checkout}`,
    `--user-data-dir=${folders.data}`,
    "--disable-updates",
    "--skip-welcome",
    "--skip-release-notes",
    // Without it the launcher detaches the window and ends at once.
    "--verbose",
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    folders.project,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: "ignore",
      signal: abort,
      killSignal: "SIGTERM",
      shell: program.endsWith(".cmd"),
    });
    child.on("error", (error) => (error.name === "AbortError" ? resolve() : reject(error)));
    child.on("close", () => resolve());
  });
}
