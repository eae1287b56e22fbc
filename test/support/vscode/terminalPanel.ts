import type { Locator, Page } from "playwright-core";

/** The terminal that the panel shows. */
export class TerminalPanel {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  get #active(): Locator {
    return this.#page.locator(".part.panel .terminal-wrapper.active");
  }

  /** The text in sight, without the blanks at the ends of lines. */
  async text(): Promise<string> {
    const rows = await this.#active.locator(".xterm-rows > div").allInnerTexts();
    return rows.map((row) => row.replace(/\u00a0/g, " ").trimEnd()).join("\n");
  }

  /** Sends keys to the terminal, such as `Control+c`. */
  async press(key: string): Promise<void> {
    await this.#active.click();
    await this.#page.keyboard.press(key);
  }

  /** The names of the terminals in the list at the side; empty while there is at most one. */
  async names(): Promise<readonly string[]> {
    const texts = await this.#page.locator(".part.panel .terminal-tabs-entry .label-name").allInnerTexts();
    return texts.map((text) => text.trim());
  }
}
