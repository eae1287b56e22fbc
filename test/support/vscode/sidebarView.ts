import type { Locator, Page } from "playwright-core";
import { until } from "../poll.ts";

/** Milliseconds within which a click on a checkbox shows. */
const tickLimit = 10_000;
/** Milliseconds within which a row's tooltip shows, and until it must have been seen once. */
const tooltipMilliseconds = 4_000;
const tooltipLimit = 60_000;
/** Milliseconds within which a menu closes after a choice. */
const menuLimit = 500;

/** One view of the sidebar, such as Experiments, with the rows of its tree. */
export class SidebarView {
  readonly #page: Page;
  readonly #title: string;

  constructor(page: Page, title: string) {
    this.#page = page;
    this.#title = title;
  }

  get pane(): Locator {
    const header = this.#page.locator(".pane-header", { hasText: new RegExp(`^\\s*${this.#title}`, "i") });
    return this.#page.locator(".part.sidebar .pane").filter({ has: header });
  }

  /** The rows in sight. A tree draws only those. */
  get rows(): Locator {
    return this.pane.locator("[role=treeitem]");
  }

  /** The first row that contains a text. */
  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  /** What a person reads in each row: label and description. */
  async texts(): Promise<readonly string[]> {
    const texts = await this.rows.locator(".monaco-icon-label-container").allInnerTexts();
    return texts.map((text) => text.replace(/\s+/g, " ").trim());
  }

  /** Unfolds a row; one that is unfolded already stays. */
  async expand(text: string | RegExp): Promise<void> {
    const row = this.row(text);
    if ((await row.getAttribute("aria-expanded")) === "false")
      await row.locator(".monaco-tl-twistie").click();
  }

  /** Presses an icon that a row shows when the pointer is on it, by its tooltip. */
  async pressInRow(text: string | RegExp, action: string): Promise<void> {
    const row = this.row(text);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).click();
  }

  /**
   * Rests the pointer on a row until its tooltip shows a text. A view that is drawn anew takes a tooltip away, and a
   * person would then move the pointer.
   */
  async showTooltip(row: string | RegExp, text: string | RegExp): Promise<void> {
    const tooltip = this.#page.locator(".monaco-hover:visible", { hasText: text });
    await until(
      async () => {
        await this.pane.locator(".pane-header").hover();
        await this.row(row).hover();
        return tooltip.waitFor({ timeout: tooltipMilliseconds }).then(
          () => true,
          () => false,
        );
      },
      tooltipLimit,
      `the tooltip "${text}"`,
    );
  }

  /** Presses an icon of the view's title bar, by its tooltip. */
  async pressInTitle(action: string): Promise<void> {
    await this.pane.locator(".pane-header").hover();
    await this.pane.locator(`.pane-header .action-label[aria-label^="${action}"]`).click();
  }

  /** Ticks a row for comparison. A row that moves while a run adds others is aimed at again, as a person would. */
  async tick(text: string | RegExp): Promise<void> {
    const checkbox = this.row(text).locator(".custom-view-tree-node-item-checkbox");
    const isTicked = async () => (await checkbox.getAttribute("aria-checked")) === "true";
    for (let attempt = 1; !(await isTicked()); attempt++) {
      await checkbox.click();
      const landed = until(isTicked, tickLimit, `a tick at ${text}`);
      await (attempt < 3 ? landed.catch(() => {}) : landed);
    }
  }

  /** Chooses an entry of a row's context menu. A menu ignores clicks in the first moments after it has opened. */
  async chooseInMenu(text: string | RegExp, entry: string): Promise<void> {
    await this.row(text).click({ button: "right" });
    await this.#choose(entry);
  }

  /** Unfolds a submenu of a row's context menu. */
  async openSubmenu(text: string | RegExp, submenu: string): Promise<void> {
    await this.row(text).click({ button: "right" });
    await this.#page.locator(".monaco-submenu-item", { hasText: submenu }).first().hover();
    await this.#page.locator(".monaco-submenu .action-menu-item").first().waitFor();
  }

  /** Chooses an entry of a submenu of a row's context menu. */
  async chooseInSubmenu(text: string | RegExp, submenu: string, entry: string): Promise<void> {
    await this.openSubmenu(text, submenu);
    await this.#choose(entry);
  }

  async #choose(entry: string): Promise<void> {
    const item = this.#page.locator(".monaco-menu .action-menu-item", { hasText: entry }).first();
    await item.waitFor();
    await until(
      async () => {
        await item.click({ timeout: menuLimit }).catch(() => {});
        return item.waitFor({ state: "hidden", timeout: menuLimit }).then(() => true);
      },
      10 * menuLimit,
      `the menu to take ${entry}`,
    );
  }
}
