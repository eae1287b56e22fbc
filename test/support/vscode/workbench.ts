import { join } from "node:path";
import type { FrameLocator, Locator, Page } from "playwright-core";
import { until } from "../poll.ts";
import type { Bridge } from "./bridge/client.ts";
import { checkout } from "./bundle.ts";
import { SidebarView } from "./sidebarView.ts";
import { TerminalPanel } from "./terminalPanel.ts";
import { TextEditor } from "./textEditor.ts";

const limit = 60_000;

/** Where screenshots go; Git ignores it. */
const screenshotFolder = join(checkout, "screenshots");

/** One window as its user sees it. `bridge` reaches the same window's extension host. */
export class Workbench {
  readonly page: Page;
  readonly bridge: Bridge;
  readonly editor: TextEditor;
  readonly terminal: TerminalPanel;

  constructor(page: Page, bridge: Bridge) {
    this.page = page;
    this.bridge = bridge;
    this.editor = new TextEditor(page);
    this.terminal = new TerminalPanel(page);
  }

  /** Waits until the workbench is drawn and the extension host answers. */
  async whenReady(): Promise<void> {
    await this.page.locator(".monaco-workbench .part.statusbar").waitFor();
    await this.bridge.connect();
  }

  /** Reloads the window as "Developer: Reload Window" does, and waits until it is ready again. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.whenReady();
  }

  /** Closes the window. Its runs go on as after closing a browser tab. */
  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Shows a container of the activity bar, by its title. A container that is shown already stays. */
  async showContainer(title: string): Promise<void> {
    const tab = this.page
      .locator(".part.activitybar [role=tab]")
      .filter({ has: this.page.getByLabel(title) });
    const byLabel = this.page.locator(`.part.activitybar .action-label[aria-label^="${title}"]`).first();
    if ((await tab.count()) > 0 && (await tab.first().getAttribute("aria-selected")) === "true") return;
    await byLabel.click();
    await this.page.locator(".part.sidebar .composite.title", { hasText: new RegExp(title, "i") }).waitFor();
  }

  /** A view of the sidebar, by its title. */
  view(title: string): SidebarView {
    return new SidebarView(this.page, title);
  }

  /** Runs a command by its title in the palette, such as `Savepoint: Run Experiment`. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    const input = this.quickInput.locator("input.input");
    await input.fill(`>${title}`);
    const row = this.quickPickRows.filter({ hasText: title }).first();
    await row.waitFor({ timeout: limit });
    await row.click();
  }

  /** The box at the top that asks: quick picks, input boxes and the palette. */
  get quickInput(): Locator {
    return this.page.locator(".quick-input-widget:visible");
  }

  /** The rows that a quick pick offers. */
  get quickPickRows(): Locator {
    return this.quickInput.locator(".quick-input-list .monaco-list-row");
  }

  /** Chooses the row of the open quick pick that contains a text. */
  async pick(text: string | RegExp): Promise<void> {
    await this.quickPickRows.filter({ hasText: text }).first().click();
  }

  /** Types into the open input box or quick pick, and accepts. */
  async answer(text: string): Promise<void> {
    await this.quickInput.locator("input.input").fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** The notifications on show. */
  get notifications(): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item");
  }

  /** Presses a button of the notification that contains a text. */
  async pressInNotification(text: string | RegExp, button: string): Promise<void> {
    const notification = this.notifications.filter({ hasText: text }).first();
    await notification.hover();
    await notification.locator(".monaco-button", { hasText: button }).click();
  }

  /** The modal dialog on show. */
  get dialog(): Locator {
    return this.page.locator(".monaco-dialog-box");
  }

  /** Presses a button of the modal dialog. */
  async pressInDialog(button: string): Promise<void> {
    await this.dialog.locator(".monaco-button", { hasText: button }).click();
  }

  /** The items of the status bar whose text matches. */
  statusBarItem(text: string | RegExp): Locator {
    return this.page.locator(".part.statusbar .statusbar-item").filter({ hasText: text });
  }

  /** The content of the webview that is in front. */
  get webview(): FrameLocator {
    return this.page.frameLocator("iframe.webview.ready").last().frameLocator("iframe#active-frame");
  }

  /** Sets a user setting through the real configuration API, and waits until it is in force. */
  async setSetting(key: string, value: unknown): Promise<void> {
    await this.bridge.evaluate(
      async (vscode, setting) => {
        const configuration = vscode.workspace.getConfiguration();
        await configuration.update(setting.key, setting.value, vscode.ConfigurationTarget.Global);
      },
      { key, value },
    );
  }

  /** Changes the colour theme, and waits until the window is drawn in it. */
  async setTheme(theme: string): Promise<void> {
    await this.setSetting("workbench.colorTheme", theme);
    const wanted = theme.includes("High Contrast")
      ? theme.endsWith("Light")
        ? "hc-light"
        : "hc-black"
      : theme.includes("Light")
        ? "vs"
        : "vs-dark";
    await until(
      async () =>
        (await this.page.locator(".monaco-workbench").getAttribute("class"))?.split(" ").includes(wanted),
      limit,
      `the theme ${theme}`,
    );
  }

  /** Saves a picture of the window as `screenshots/<name>.png`. */
  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: join(screenshotFolder, `${name}.png`) });
  }
}
