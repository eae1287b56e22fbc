import type { Locator, Page } from "playwright-core";

/** The text editor that is in front. */
export class TextEditor {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens a file of the workspace by name, as with Ctrl+P. */
  async open(path: string): Promise<void> {
    await this.#page.keyboard.press("Control+p");
    const widget = this.#page.locator(".quick-input-widget:visible");
    await widget.locator("input.input").fill(path);
    const name = path.slice(path.lastIndexOf("/") + 1);
    await widget.locator(".monaco-list-row", { hasText: name }).first().click();
    await this.#page.locator(".tabs-container .tab.active", { hasText: name }).waitFor();
  }

  /** The lines in sight. */
  get lines(): Locator {
    return this.#page.locator(".editor-instance .view-lines .view-line");
  }

  /** The code lenses in sight, one for each link. */
  get codeLenses(): Locator {
    return this.#page.locator(".editor-instance .codelens-decoration a");
  }

  /** Presses the first code lens whose title matches, or the one at `index` among them. */
  async pressCodeLens(title: string | RegExp, index = 0): Promise<void> {
    await this.codeLenses.filter({ hasText: title }).nth(index).click();
  }

  /** The titles of the tabs that are open. */
  async tabs(): Promise<readonly string[]> {
    return (await this.#page.locator(".tabs-container .tab .label-name").allInnerTexts()).map((text) =>
      text.trim(),
    );
  }
}
