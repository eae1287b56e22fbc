import { formatDuration, formatNumber } from "../../engine/compare/present.ts";
import type { Cell } from "../protocol.ts";
import type { Axis } from "./choices.ts";

/** A value as the table shows it; a dash when there is none. */
export function formatCell(cell: Cell | undefined): string {
  if (cell === undefined) return "–";
  return typeof cell === "number" ? formatNumber(cell) : String(cell);
}

/** The difference of two numbers with its sign: `+0.012`, `−3`, `±0`. */
export function formatDelta(value: number, baseline: number): string {
  const delta = value - baseline;
  // What is left of equal values after rounding.
  if (Math.abs(delta) <= 1e-12 * Math.max(Math.abs(value), Math.abs(baseline))) return "±0";
  const text = formatNumber(Number(Math.abs(delta).toPrecision(3)));
  return delta > 0 ? `+${text}` : `−${text}`;
}

/** A position on the charts' x axis, in words. `unit` is what one step counts. */
export function formatPosition(x: number, axis: Axis, unit: string): string {
  if (axis === "elapsed") return `after ${formatDuration(x * 1000)}`;
  if (axis === "time") return dateTime.format(x * 1000);
  return `${unit} ${formatNumber(x)}`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment in the person's own format. */
export function formatTime(time: number): string {
  return dateTime.format(time);
}

/** A status as the views of the sidebar call it. */
export function formatStatus(status: string): string {
  switch (status) {
    case "succeeded":
      return "done";
    case "interrupted":
      return "stopped";
    default:
      return status;
  }
}
