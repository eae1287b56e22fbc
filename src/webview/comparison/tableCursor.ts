import type { Range } from "@tanstack/virtual-core";

/** The active cell: row -1 is the heading, column 0 the name. */
export interface Cursor {
  readonly row: number;
  readonly column: number;
}

/** Where a key takes the active cell; `null` for keys that do not move it. `page` is the rows that are in sight. */
export function moveCursor(
  { row, column }: Cursor,
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">,
  {
    lastRow,
    lastColumn,
    page,
  }: { readonly lastRow: number; readonly lastColumn: number; readonly page: number },
): Cursor | null {
  const isControl = event.ctrlKey || event.metaKey;
  const moves: { readonly [key: string]: Cursor } = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    Home: { row: isControl ? -1 : row, column: 0 },
    End: { row: isControl ? lastRow : row, column: lastColumn },
    PageUp: { row: Math.max(0, row - page), column },
    PageDown: { row: row + page, column },
  };
  const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
  if (move === undefined) return null;
  return {
    row: Math.max(-1, Math.min(lastRow, move.row)),
    column: Math.max(0, Math.min(lastColumn, move.column)),
  };
}

/** Width of a digit in pixels. */
export function measureCharacter(element: HTMLElement): number {
  const probe = document.createElement("span");
  probe.textContent = "0".repeat(20);
  element.append(probe);
  const { width } = probe.getBoundingClientRect();
  probe.remove();
  return width === 0 ? 8 : width / 20;
}

/** The indices in sight, and the active one, so that it keeps the focus when it is scrolled away. */
export function rangeWith(range: Range, active: number): number[] {
  const first = Math.max(0, range.startIndex - range.overscan);
  const last = Math.min(range.count - 1, range.endIndex + range.overscan);
  const indices = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  if (active >= 0 && active < first) return [active, ...indices];
  return active > last && active < range.count ? [...indices, active] : indices;
}

export function cellAt(
  target: EventTarget | null,
): { row: number; column: number; element: HTMLElement } | null {
  const element = target instanceof Element ? target.closest<HTMLElement>("[data-cell]") : null;
  if (element === null) return null;
  const [row = -1, column = 0] = (element.dataset.cell ?? "").split(":").map(Number);
  return { row, column, element };
}

export function isInside(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}
