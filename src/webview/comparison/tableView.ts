import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type Range,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core";
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { ComparedRow } from "../protocol.ts";
import type { SortKey } from "./choices.ts";
import type { Column } from "./columns.ts";
import { nameColumn } from "./order.ts";
import { styled } from "./styled.ts";
import { cellTemplate, headingTemplate, nameTemplate } from "./tableCells.ts";
import { type Cursor, cellAt, isInside, measureCharacter, moveCursor, rangeWith } from "./tableCursor.ts";
import { columnWidths, type TableModel } from "./tableModel.ts";

const rowHeight = 28;

/** What a person does in the table. */
export interface TableActions {
  sort(column: string, extend: boolean): void;
  /** Opens the row's menu at a place in the window; focus returns to the element. */
  openMenu(row: ComparedRow, x: number, y: number, origin: HTMLElement): void;
  resume(row: ComparedRow): void;
  dismiss(row: ComparedRow): void;
}

/**
 * The table as an accessible grid. Only the rows and columns in sight are in the page; one cell is in the tab order, and
 * the arrow keys move it.
 */
export class ComparisonTable extends LitElement {
  static override properties = {
    model: { attribute: false },
    slots: { attribute: false },
    sort: { attribute: false },
    showsProject: { attribute: false },
    now: { attribute: false },
    cursor: { state: true },
    nameWidth: { state: true },
  };
  declare model: TableModel;
  declare slots: ReadonlyMap<string, number>;
  declare sort: readonly SortKey[];
  /** Whether the rows are of several projects. */
  declare showsProject: boolean;
  declare now: number;
  declare actions: TableActions;
  declare private cursor: Cursor;
  declare private nameWidth: number;

  #widths: readonly number[] = [];
  #characterWidth = 8;
  #rowVirtualizer: Virtualizer<HTMLElement, HTMLElement> | null = null;
  #columnVirtualizer: Virtualizer<HTMLElement, HTMLElement> | null = null;
  #unmount: (() => void)[] = [];
  #observer: ResizeObserver | null = null;

  constructor() {
    super();
    this.cursor = { row: -1, column: 0 };
    this.nameWidth = 280;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#characterWidth = measureCharacter(this);
  }

  /** In the page itself, so that the theme's and the icons' style sheets reach it. */
  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const unmount of this.#unmount) unmount();
    this.#unmount = [];
    this.#rowVirtualizer = null;
    this.#columnVirtualizer = null;
    this.#observer?.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("model")) this.#widths = columnWidths(this.model, this.now, this.#characterWidth);
    const row = Math.min(this.cursor.row, this.model.rows.length - 1);
    const column = Math.min(this.cursor.column, this.model.columns.length);
    if (row !== this.cursor.row || column !== this.cursor.column) this.cursor = { row, column };
    this.#rowVirtualizer?.setOptions(this.#rowOptions());
    this.#columnVirtualizer?.setOptions(this.#columnOptions());
    if (changed.has("model") || changed.has("nameWidth")) this.#columnVirtualizer?.measure();
  }

  protected override firstUpdated(): void {
    this.#rowVirtualizer = new Virtualizer(this.#rowOptions());
    this.#columnVirtualizer = new Virtualizer(this.#columnOptions());
    this.#unmount = [this.#rowVirtualizer._didMount(), this.#columnVirtualizer._didMount()];
    this.#observer = new ResizeObserver(() => {
      this.nameWidth = Math.round(Math.min(300, Math.max(140, this.#scroller.clientWidth * 0.45)));
    });
    this.#observer.observe(this.#scroller);
    this.requestUpdate();
  }

  protected override updated(): void {
    this.#rowVirtualizer?._willUpdate();
    this.#columnVirtualizer?._willUpdate();
  }

  protected override render(): TemplateResult {
    const { rows, columns } = this.model;
    const rowItems = this.#rowVirtualizer?.getVirtualItems() ?? [];
    const columnItems = this.#columnVirtualizer?.getVirtualItems() ?? [];
    const width = this.#widths.reduce((sum, next) => sum + next, this.nameWidth);
    return html`<div
      class="grid"
      role="grid"
      aria-label="Comparison of checkpoints"
      aria-rowcount=${rows.length + 1}
      aria-colcount=${columns.length + 1}
      @keydown=${this.#onKeydown}
      @contextmenu=${this.#onContextMenu}
      @click=${this.#onClick}
      @focusin=${this.#onFocusin}
    >
      <div class="grid-head" role="rowgroup" style=${styled({ width: `${width}px` })}>
        ${this.#groupHeadings(columnItems)}
        <div class="grid-row heading" role="row" aria-rowindex="1">
          ${headingTemplate({
            column: null,
            position: this.#position(-1, 0, 0, this.nameWidth),
            sort: this.sort,
          })}
          ${repeat(
            columnItems,
            (item) => columns[item.index]?.id,
            (item) =>
              headingTemplate({
                column: columns[item.index] ?? null,
                position: this.#position(-1, item.index + 1, item.start, item.size),
                sort: this.sort,
              }),
          )}
        </div>
      </div>
      <div
        class="grid-body"
        role="rowgroup"
        style=${styled({ width: `${width}px`, height: `${rows.length * rowHeight}px` })}
      >
        ${repeat(
          rowItems,
          (item) => rows[item.index]?.key,
          (item) => this.#row(item, columnItems),
        )}
      </div>
    </div>`;
  }

  #groupHeadings(columnItems: readonly VirtualItem[]): TemplateResult {
    const first = columnItems[0]?.index ?? 0;
    const last = columnItems.at(-1)?.index ?? -1;
    const starts = [0];
    for (const width of this.#widths) starts.push((starts.at(-1) ?? 0) + width);
    // The headings of the columns name the file as well, so these are only for the eye.
    return html`<div class="grid-groups" aria-hidden="true">
      <div class="group-corner" style=${styled({ width: `${this.nameWidth}px` })}></div>
      ${this.model.groups
        .filter((group) => group.first <= last && group.first + group.count > first)
        .map((group) => {
          const left = starts[group.first] ?? 0;
          const right = starts[group.first + group.count] ?? left;
          const style = styled({ left: `${this.nameWidth + left}px`, width: `${right - left}px` });
          return html`<div class="group ${group.kind}" style=${style}>
            <span style=${styled({ left: `${this.nameWidth + 8}px` })} title=${group.title}>${group.title}</span>
          </div>`;
        })}
    </div>`;
  }

  #row(item: VirtualItem, columnItems: readonly VirtualItem[]): TemplateResult | typeof nothing {
    const row = this.model.rows[item.index];
    if (row === undefined) return nothing;
    const isBaseline = row.key === this.model.baseline?.key;
    return html`<div
      class="grid-row ${isBaseline ? "baseline" : ""}"
      role="row"
      aria-rowindex=${item.index + 2}
      data-row=${item.index}
      style=${styled({ transform: `translateY(${item.start}px)` })}
    >
      ${nameTemplate({
        row,
        slot: this.slots.get(row.line) ?? 0,
        isBaseline,
        showsProject: this.showsProject,
        position: this.#position(item.index, 0, 0, this.nameWidth),
      })}
      ${repeat(
        columnItems,
        (column) => this.model.columns[column.index]?.id,
        (column) => this.#cell(row, item.index, column),
      )}
    </div>`;
  }

  #cell(row: ComparedRow, rowIndex: number, item: VirtualItem): TemplateResult | typeof nothing {
    const column: Column | undefined = this.model.columns[item.index];
    if (column === undefined) return nothing;
    return cellTemplate({
      isGroupStart: this.model.groups.some((group) => group.first === item.index && item.index > 0),
      model: this.model,
      row,
      column,
      now: this.now,
      position: this.#position(rowIndex, item.index + 1, item.start, item.size),
    });
  }

  #position(row: number, column: number, left: number, width: number) {
    const isActive = this.cursor.row === row && this.cursor.column === column;
    return { row, column, left, width, tabindex: isActive ? 0 : -1 };
  }

  get #scroller(): HTMLElement {
    return this.querySelector<HTMLElement>(".grid") ?? this;
  }

  #rowOptions() {
    return {
      ...this.#sharedOptions(),
      count: this.model.rows.length,
      estimateSize: () => rowHeight,
      overscan: 6,
      // The heading covers the top of what scrolls.
      scrollPaddingStart: 52,
      rangeExtractor: (range: Range) => rangeWith(range, this.cursor.row),
    };
  }

  #columnOptions() {
    return {
      ...this.#sharedOptions(),
      horizontal: true,
      count: this.model.columns.length,
      estimateSize: (index: number) => this.#widths[index] ?? 0,
      paddingStart: this.nameWidth,
      scrollPaddingStart: this.nameWidth,
      overscan: 3,
      rangeExtractor: (range: Range) => rangeWith(range, this.cursor.column - 1),
    };
  }

  #sharedOptions() {
    return {
      getScrollElement: () => this.#scroller,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => this.requestUpdate(),
    };
  }

  #onClick(event: MouseEvent): void {
    const cell = cellAt(event.target);
    if (cell === null) return;
    void this.#moveTo(cell.row, cell.column);
    const row = this.model.rows[cell.row];
    if (cell.row === -1) this.actions.sort(this.#columnId(cell.column), event.shiftKey);
    else if (row !== undefined && isInside(event.target, ".row-resume")) this.actions.resume(row);
    else if (row !== undefined && isInside(event.target, ".row-menu")) {
      this.#openMenu(row, cell.element, event.clientX, event.clientY);
    }
  }

  /** Screen readers put the focus on a cell without a key or a click of ours. */
  #onFocusin(event: FocusEvent): void {
    const cell = cellAt(event.target);
    if (cell !== null) this.cursor = { row: cell.row, column: cell.column };
  }

  #onContextMenu(event: MouseEvent): void {
    const cell = cellAt(event.target);
    const row = cell === null ? undefined : this.model.rows[cell.row];
    event.preventDefault();
    // The keyboard's menu key comes through #onKeydown, where the place of the cell is known.
    if (cell === null || row === undefined || event.button !== 2) return;
    void this.#moveTo(cell.row, cell.column);
    this.#openMenu(row, cell.element, event.clientX, event.clientY);
  }

  #onKeydown(event: KeyboardEvent): void {
    const move = moveCursor(this.cursor, event, {
      lastRow: this.model.rows.length - 1,
      lastColumn: this.model.columns.length,
      page: Math.max(1, Math.floor(this.#scroller.clientHeight / rowHeight) - 2),
    });
    if (move !== null) {
      event.preventDefault();
      void this.#moveTo(move.row, move.column);
      return;
    }
    const { row, column } = this.cursor;
    const current = this.model.rows[row];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      if (current === undefined) this.actions.sort(this.#columnId(column), event.shiftKey);
      else this.#openMenuAtCursor(current);
    } else if (
      current !== undefined &&
      (event.key === "ContextMenu" || (event.shiftKey && event.key === "F10"))
    ) {
      event.preventDefault();
      this.#openMenuAtCursor(current);
    } else if (current !== undefined && event.key === "Delete") {
      this.actions.dismiss(current);
    }
  }

  async #moveTo(row: number, column: number): Promise<void> {
    this.cursor = { row, column };
    if (row >= 0) this.#rowVirtualizer?.scrollToIndex(row);
    if (column > 0) this.#columnVirtualizer?.scrollToIndex(column - 1);
    await this.updateComplete;
    this.#activeCell()?.focus({ preventScroll: true });
  }

  #activeCell(): HTMLElement | null {
    return this.querySelector<HTMLElement>('[data-cell][tabindex="0"]');
  }

  #openMenuAtCursor(row: ComparedRow): void {
    const cell = this.#activeCell();
    if (cell === null) return;
    const { left, bottom } = cell.getBoundingClientRect();
    this.#openMenu(row, cell, left + 8, bottom);
  }

  #openMenu(row: ComparedRow, cell: HTMLElement, x: number, y: number): void {
    this.actions.openMenu(row, x, y, cell);
  }

  #columnId(column: number): string {
    return column === 0 ? nameColumn : (this.model.columns[column - 1]?.id ?? nameColumn);
  }
}

customElements.define("comparison-table", ComparisonTable);
