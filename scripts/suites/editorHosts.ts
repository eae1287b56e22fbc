import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import type { Page } from "playwright-core";
import { launchBrowser } from "../../test/support/vscode/browser.ts";
import { checkout } from "../../test/support/vscode/bundle.ts";
import { quietSettings } from "../../test/support/vscode/settings.ts";
import { downloadVscode } from "../start/desktop.ts";
import { VscodeServer } from "../vscode/server.ts";

/** Milliseconds for all tests of one window. */
const windowLimit = 15 * 60_000;

/** A window that runs a test module in its extension host. */
export interface HostRequest {
  /** Absolute path of the folder that it opens. */
  readonly folder: string;
  /** A CommonJS module with `run()`. */
  readonly module: string;
  /** Added to `process.env` of the extension host. */
  readonly environment: { readonly [name: string]: string };
  /** A new folder for settings and logs. */
  readonly dataFolder: string;
  /** Whether it opens in Restricted Mode. */
  readonly restricted: boolean;
}

/** A way to run windows for tests. */
export interface EditorHost {
  /** Whether windows can open in Restricted Mode. */
  readonly canRestrict: boolean;
  /** Resolves with what the host logged, once the window has ended. Rejects when it could not be run. */
  run(request: HostRequest): Promise<string>;
  dispose(): Promise<void>;
}

/** Resolves with what tests printed, once the workbench says that its extension host has ended. */
async function whenTestsEnd(page: Page, url: string): Promise<string> {
  const log: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The window did not end within ${windowLimit / 1000} s.`)),
      windowLimit,
    );
    page.on("crash", () => reject(new Error("The page crashed.")));
    // The workbench calls these two.
    const open = async () => {
      await page.exposeFunction("codeAutomationLog", (kind: string, args: unknown[]) => {
        log.push(`${kind}: ${args.join(" ")}`);
      });
      await page.exposeFunction("codeAutomationExit", () => resolve());
      await page.goto(url);
    };
    open().catch(reject);
  });
  await ended.finally(() => clearTimeout(timer));
  return log.join("\n");
}

/** Windows of the VS Code server, in headless Chromium. */
export async function serverHost(): Promise<EditorHost> {
  const browser = await launchBrowser();
  return {
    canRestrict: true,
    async run({ folder, module, environment, dataFolder, restricted }) {
      const server = await VscodeServer.start({
        dataFolder,
        settings: quietSettings,
        workspaceTrust: restricted,
        testHosts: true,
      });
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        // Whether a page without them may use the clipboard is asked, and nobody answers.
        permissions: ["clipboard-read", "clipboard-write"],
      });
      try {
        const url = server.windowUrl(folder, { extension: checkout, module, environment });
        return await whenTestsEnd(await context.newPage(), url);
      } finally {
        await context.close();
        await server.dispose();
      }
    },
    dispose: () => browser.close(),
  };
}

/** Windows of the desktop VS Code that `SAVEPOINT_VSCODE` names, or of a downloaded one. It trusts every folder. */
export async function desktopHost(): Promise<EditorHost> {
  const program = process.env.SAVEPOINT_VSCODE ?? (await downloadVscode());
  if (!program) throw new Error("There is no desktop VS Code; SAVEPOINT_VSCODE may name its program.");
  return {
    canRestrict: false,
    async run({ folder, module, environment, dataFolder }) {
      await mkdir(join(dataFolder, "User"), { recursive: true });
      await writeFile(join(dataFolder, "User/settings.json"), JSON.stringify(quietSettings));
      await runTests({
        vscodeExecutablePath: program,
        extensionDevelopmentPath: checkout,
        extensionTestsPath: module,
        extensionTestsEnv: { ...environment },
        launchArgs: [folder, "--disable-extensions", `--user-data-dir=${dataFolder}`],
      });
      return "";
    },
    dispose: async () => {},
  };
}
