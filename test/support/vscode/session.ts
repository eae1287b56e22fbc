import { mkdir } from "node:fs/promises";
import type { Browser, BrowserContext } from "playwright-core";
import { VscodeServer } from "../../../scripts/vscode/server.ts";
import { temporaryFolder } from "../temporaryProject.ts";
import { Bridge, buildBridge } from "./bridge/client.ts";
import { launchBrowser } from "./browser.ts";
import { checkout } from "./bundle.ts";
import { quietSettings } from "./settings.ts";
import { Workbench } from "./workbench.ts";

const startLimit = 120_000;

export interface SessionOptions {
  /** A packaged extension (`.vsix`) to install; without it the checkout itself counts as installed. */
  readonly packageFile?: string;
  /** Windows open in Restricted Mode until the user trusts the folder; without it every folder is trusted. */
  readonly workspaceTrust?: boolean;
  /** User settings besides the quiet ones. */
  readonly settings?: { readonly [key: string]: unknown };
  /** Added to the environment of extension hosts and terminals. */
  readonly environment?: { readonly [name: string]: string };
}

/** A VS Code server with fresh data, and a browser that shows its windows. */
export interface Session {
  /** Folder of the server's settings, logs and extensions. */
  readonly dataFolder: string;
  /** Opens a window on a folder (null: an empty one) and waits until it is ready. One window at a time. */
  open(folder: string | null): Promise<Workbench>;
  readonly dispose: () => Promise<void>;
}

/** Starts a {@link Session}. Whoever starts it disposes it, as in `after(() => session.dispose())`. */
export async function startSession(options: SessionOptions = {}): Promise<Session> {
  const temporary = await temporaryFolder();
  const dataFolder = temporary.path("data");
  const meetingPlace = temporary.path("bridges");
  await Promise.all([mkdir(dataFolder), mkdir(meetingPlace)]);
  const bridge = await buildBridge();
  const [server, browser] = await Promise.all([
    VscodeServer.start({
      dataFolder,
      settings: { ...quietSettings, ...options.settings },
      extensions: options.packageFile ? [bridge] : [checkout, bridge],
      packages: options.packageFile ? [options.packageFile] : [],
      workspaceTrust: options.workspaceTrust ?? false,
      environment: { ...options.environment, SAVEPOINT_BRIDGE_FOLDER: meetingPlace },
    }),
    launchBrowser(),
  ]);

  async function open(folder: string | null): Promise<Workbench> {
    const page = await (await newContext(browser)).newPage();
    await page.goto(server.windowUrl(folder));
    const workbench = new Workbench(page, new Bridge(meetingPlace));
    await workbench.whenReady();
    return workbench;
  }

  return {
    dataFolder,
    open,
    async dispose() {
      await browser.close();
      await server.dispose();
      await temporary.dispose();
    },
  };
}

/** A browser profile of its own, as large as a common screen. */
async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(startLimit);
  return context;
}
