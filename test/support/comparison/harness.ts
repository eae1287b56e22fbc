import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import type { HostMessage, PageMessage } from "../../../src/webview/protocol.ts";
import { launchBrowser } from "../vscode/browser.ts";
import themes from "./themes.json" with { type: "json" };

export const themeNames = ["dark", "light", "high-contrast", "high-contrast-light"] as const;
export type ThemeName = (typeof themeNames)[number];

const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));

/** As the panel's host sends it, with this server in the place of VS Code's own. */
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'";

const html = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Compare Experiments</title>
<link rel="stylesheet" href="/codicons/codicon.css"><link rel="stylesheet" href="/webview/comparison.css"></head>
<body><savepoint-comparison></savepoint-comparison><script type="module" src="/webview/comparison.js"></script></body></html>`;

const files: { readonly [path: string]: string } = {
  "/webview/comparison.js": "text/javascript",
  "/webview/comparison.css": "text/css",
  "/codicons/codicon.css": "text/css",
  "/codicons/codicon.ttf": "font/ttf",
};

/** What the page's own end of VS Code was made to remember. */
interface PageRecord {
  messages: PageMessage[];
  violations: string[];
  state: unknown;
}

/** The built page of the comparison panel in a real browser, under its real policy, with a test in the place of the host. */
export class ComparisonHarness {
  readonly #server: Server;
  readonly #browser: Browser;

  private constructor(server: Server, browser: Browser) {
    this.#server = server;
    this.#browser = browser;
  }

  static async start(): Promise<ComparisonHarness> {
    const server = createServer((request, response) => {
      const path = (request.url ?? "/").split("?")[0] ?? "/";
      const type = Object.hasOwn(files, path) ? files[path] : undefined;
      response.setHeader("Content-Security-Policy", policy);
      if (path === "/") {
        response.setHeader("Content-Type", "text/html; charset=utf-8");
        response.end(html);
      } else if (type === undefined) {
        response.writeHead(404).end();
      } else {
        readFile(`${dist}${path.slice(1)}`).then(
          (content) => response.setHeader("Content-Type", type).end(content),
          () => response.writeHead(404).end(),
        );
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new ComparisonHarness(server, await launchBrowser());
  }

  /** Opens the page and waits until it asks for its first snapshot. */
  async open(
    options: {
      readonly theme?: ThemeName;
      readonly width?: number;
      readonly height?: number;
      readonly zoom?: number;
      readonly state?: unknown;
      readonly reducedMotion?: boolean;
    } = {},
  ): Promise<ComparisonPage> {
    const zoom = options.zoom ?? 1;
    const context = await this.#browser.newContext({
      // What a zoomed window is to a page: fewer, larger pixels.
      viewport: {
        width: Math.round((options.width ?? 1280) / zoom),
        height: Math.round((options.height ?? 900) / zoom),
      },
      deviceScaleFactor: zoom,
      reducedMotion: options.reducedMotion ? "reduce" : "no-preference",
    });
    const page = await context.newPage();
    await page.addInitScript(prepareWindow, {
      state: options.state ?? null,
      look: lookOf(options.theme ?? "dark"),
    });
    const { port } = this.#server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/`);
    const comparison = new ComparisonPage(page);
    await comparison.sent("ready");
    return comparison;
  }

  async dispose(): Promise<void> {
    await this.#browser.close();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** One open page. */
export class ComparisonPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Sends a message as the host does, and waits until the page has drawn. */
  async receive(message: HostMessage): Promise<void> {
    await this.page.evaluate(async (data) => {
      window.postMessage(data, "*");
      for (let frame = 0; frame < 4; frame += 1)
        await new Promise((resolve) => requestAnimationFrame(resolve));
    }, message);
  }

  async #record(): Promise<PageRecord> {
    return this.page.evaluate(() => (window as unknown as { testRecord: PageRecord }).testRecord);
  }

  /** Waits for messages of a kind, and returns all of them. */
  async sent<Kind extends PageMessage["kind"]>(
    kind: Kind,
  ): Promise<readonly Extract<PageMessage, { kind: Kind }>[]> {
    await this.page.waitForFunction(
      (wanted) =>
        (window as unknown as { testRecord: PageRecord }).testRecord.messages.some(
          (one) => one.kind === wanted,
        ),
      kind,
    );
    const { messages } = await this.#record();
    return messages.filter(
      (message): message is Extract<PageMessage, { kind: Kind }> => message.kind === kind,
    );
  }

  /** How many messages of a kind the page has sent so far. */
  async count(kind: PageMessage["kind"]): Promise<number> {
    return (await this.#record()).messages.filter((message) => message.kind === kind).length;
  }

  async violations(): Promise<readonly string[]> {
    return (await this.#record()).violations;
  }

  async state(): Promise<unknown> {
    return (await this.#record()).state;
  }

  /** Changes the theme as VS Code does: variables on the root element, the kind on the body. */
  async setTheme(theme: ThemeName): Promise<void> {
    await this.page.evaluate(({ variables, bodyClass }) => {
      const root = document.documentElement;
      root.removeAttribute("style");
      for (const [name, value] of Object.entries(variables)) root.style.setProperty(name, value);
      document.body.className = bodyClass;
    }, lookOf(theme));
    await this.page.waitForFunction(
      () => new Promise((resolve) => requestAnimationFrame(() => resolve(true))),
    );
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

function lookOf(theme: ThemeName) {
  const variables: { readonly [name: string]: string } = {
    ...themes[theme],
    "--vscode-font-family": 'system-ui, "Ubuntu", "Droid Sans", sans-serif',
    "--vscode-font-size": "13px",
    "--vscode-font-weight": "normal",
  };
  const kinds = {
    dark: "vscode-dark",
    light: "vscode-light",
    "high-contrast": "vscode-high-contrast",
    "high-contrast-light": "vscode-high-contrast vscode-high-contrast-light",
  };
  return { variables, bodyClass: kinds[theme] };
}

/** Runs in the page before its own script: stands in for what VS Code puts into a webview. */
function prepareWindow({ state, look }: { state: unknown; look: ReturnType<typeof lookOf> }): void {
  const record: PageRecord = { messages: [], violations: [], state };
  Object.assign(window, {
    testRecord: record,
    acquireVsCodeApi: () => ({
      postMessage: (message: PageMessage) => record.messages.push(message),
      getState: () => record.state,
      setState: (next: unknown) => {
        record.state = next;
      },
    }),
  });
  document.addEventListener("securitypolicyviolation", (event) => {
    record.violations.push(
      `${event.violatedDirective} ${event.sourceFile}:${event.lineNumber} ${event.sample}`,
    );
  });
  window.addEventListener("error", (event) => record.violations.push(`error: ${event.message}`));
  window.addEventListener("unhandledrejection", (event) =>
    record.violations.push(`rejection: ${event.reason}`),
  );
  // The page is parsed, and its deferred script has not run yet.
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    for (const [name, value] of Object.entries(look.variables)) {
      document.documentElement.style.setProperty(name, value);
    }
    document.body.className = look.bodyClass;
  });
}
