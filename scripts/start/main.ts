import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { installCodeServer } from "../setup/codeServer.mjs";
import { findProgram, runVisibly } from "../setup/command.mjs";
import { root } from "../setup/prepare.mjs";
import { SetupError, say } from "../setup/say.mjs";
import { VscodeServer } from "../vscode/server.ts";
import { copyExample } from "./demoProject.ts";
import { downloadVscode, findVscode, hasDesktop, openDesktop } from "./desktop.ts";

const settings = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
};

/** Aborts at the first Ctrl-C (or when the terminal goes away). */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => controller.abort());
  }
  return controller.signal;
}

/** Shows an address in the user's browser, where there is one; a failure is no matter, since it is printed too. */
function openInBrowser(address: string): void {
  const opener =
    process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  if (!hasDesktop() || !findProgram(opener)) return;
  spawn(opener, [address], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

/** Serves VS Code to a browser until the user ends it. */
async function serve(project: string, data: string, abort: AbortSignal): Promise<void> {
  await installCodeServer(root);
  const server = await VscodeServer.start({
    dataFolder: data,
    settings,
    extensions: [root],
    // Other users of this machine must not get in.
    token: randomBytes(16).toString("hex"),
  });
  try {
    const address = server.windowUrl(project);
    console.log(`\nVS Code with Savepoint: ${address}\n\nOpen it in a browser. Ctrl-C ends it.`);
    openInBrowser(address);
    await new Promise<void>((done) => {
      if (abort.aborted) done();
      abort.addEventListener("abort", () => done(), { once: true });
    });
  } finally {
    await server.dispose();
  }
}

/** The desktop VS Code to use: one of this machine, else a downloaded one, else null. */
async function desktopProgram(): Promise<string | null> {
  if (!hasDesktop()) {
    say("This machine shows no windows, so VS Code is served to a browser.");
    return null;
  }
  return findVscode() ?? (await downloadVscode());
}

/** Opens VS Code with the extension, and resolves to an exit code once it is closed or Ctrl-C was pressed. */
export async function start(args: readonly string[]): Promise<number> {
  const [folder, ...others] = args.filter((arg) => arg !== "--server");
  if (others.length > 0 || folder?.startsWith("-")) {
    console.error("Usage: npm start [-- [--server] [FOLDER]]");
    return 2;
  }
  if ((await runVisibly(process.execPath, [join(root, "esbuild.mjs")])) !== 0) {
    throw new SetupError("The extension could not be built; the lines above say why.");
  }
  const abort = untilInterrupted();
  const project = folder === undefined ? await copyExample(root, "digits") : resolve(folder);
  if (folder === undefined) console.log(`A fresh copy of examples/digits: ${project}`);
  const data = await mkdtemp(join(tmpdir(), "savepoint-vscode-"));
  try {
    const program = args.includes("--server") ? null : await desktopProgram();
    if (program) {
      console.log(`Opening ${program}. Closing the window, or Ctrl-C here, ends it.`);
      await openDesktop(program, { checkout: root, project, data }, abort);
    } else {
      await serve(project, data, abort);
    }
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
  return 0;
}
