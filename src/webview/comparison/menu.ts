import { html, LitElement, nothing, type TemplateResult } from "lit";
import { styled } from "./styled.ts";

export interface MenuItem {
  readonly label: string;
  readonly icon: string;
  /** Begins a new group. */
  readonly separated?: boolean;
  run(): void;
}

/** What a menu is opened with. Places are in pixels of the window. */
export interface MenuRequest {
  readonly title: string;
  readonly items: readonly MenuItem[];
  readonly x: number;
  readonly y: number;
  /** Gets the focus back. */
  readonly origin: HTMLElement;
}

/** A menu at a place in the window. One at a time; closes on choice, on Escape, and when the focus goes elsewhere. */
export class PopupMenu extends LitElement {
  static override properties = { request: { state: true }, place: { state: true } };
  declare private request: MenuRequest | null;
  declare private place: { readonly x: number; readonly y: number };

  constructor() {
    super();
    this.request = null;
    this.place = { x: 0, y: 0 };
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  async open(request: MenuRequest): Promise<void> {
    this.request = request;
    this.place = request;
    await this.updateComplete;
    const menu = this.querySelector<HTMLElement>(".menu");
    if (menu === null) return;
    // Kept inside the window, also when that is small because of a large zoom.
    this.place = {
      x: Math.max(4, Math.min(request.x, innerWidth - menu.offsetWidth - 4)),
      y: Math.max(4, Math.min(request.y, innerHeight - menu.offsetHeight - 4)),
    };
    this.#items()[0]?.focus();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { request } = this;
    if (request === null) return nothing;
    return html`<div
      class="menu"
      style=${styled({ left: `${this.place.x}px`, top: `${this.place.y}px` })}
      @keydown=${this.#onKeydown}
      @focusout=${this.#onFocusout}
    >
      <div class="menu-title" id="menu-title">${request.title}</div>
      <div role="menu" aria-labelledby="menu-title">
        ${request.items.map(
          (
            item,
          ) => html`${item.separated ? html`<div class="menu-rule" role="separator"></div>` : nothing}<div
              class="menu-item"
              role="menuitem"
              tabindex="-1"
              @click=${() => this.#choose(item)}
            >
              <span class="codicon codicon-${item.icon}" aria-hidden="true"></span>${item.label}
            </div>`,
        )}
      </div>
    </div>`;
  }

  #items(): readonly HTMLElement[] {
    return [...this.querySelectorAll<HTMLElement>(".menu-item")];
  }

  #choose(item: MenuItem): void {
    this.#close();
    item.run();
  }

  #close(): void {
    const origin = this.request?.origin;
    this.request = null;
    origin?.focus({ preventScroll: true });
  }

  #onFocusout(event: FocusEvent): void {
    if (!(event.relatedTarget instanceof Node && this.contains(event.relatedTarget))) this.request = null;
  }

  #onKeydown(event: KeyboardEvent): void {
    const items = this.#items();
    const current = items.indexOf(document.activeElement as HTMLElement);
    const next: { readonly [key: string]: number } = {
      ArrowDown: (current + 1) % items.length,
      ArrowUp: (current - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    event.stopPropagation();
    if (Object.hasOwn(next, event.key)) {
      event.preventDefault();
      items[next[event.key] ?? 0]?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      items[current]?.click();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      this.#close();
    }
  }
}

customElements.define("popup-menu", PopupMenu);
