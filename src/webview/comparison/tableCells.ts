import { html, nothing, type TemplateResult } from "lit";
import type { ComparedRow } from "../protocol.ts";
import type { SortKey } from "./choices.ts";
import { type Column, cellOf } from "./columns.ts";
import { projectName, rowName } from "./exports.ts";
import { formatTime } from "./format.ts";
import { nameColumn } from "./order.ts";
import { styled } from "./styled.ts";
import { swatch } from "./swatch.ts";
import { type TableModel, viewCell } from "./tableModel.ts";

/** Where a cell stands; row -1 is the heading, column 0 the name. */
export interface CellPosition {
  readonly row: number;
  readonly column: number;
  readonly left: number;
  readonly width: number;
  readonly tabindex: number;
}

/** The heading of a column; `column: null` is the one of the names. */
export function headingTemplate(heading: {
  readonly column: Column | null;
  readonly position: CellPosition;
  readonly sort: readonly SortKey[];
}): TemplateResult {
  const { column, position, sort } = heading;
  const id = column?.id ?? nameColumn;
  const place = sort.findIndex((key) => key.column === id);
  const key = sort[place];
  const label = column === null ? "checkpoint" : column.key;
  const goal = goalWords(column);
  const from = column !== null && column.file !== "" ? `${column.file}: ` : "";
  return html`<div
    class="cell head ${column === null ? "name" : column.kind} ${column?.isNumeric ? "number" : ""}"
    role="columnheader"
    data-cell="${position.row}:${position.column}"
    aria-colindex=${position.column + 1}
    aria-sort=${key === undefined ? "none" : key.descending ? "descending" : "ascending"}
    aria-label="${from}${label}${goal === "" ? "" : `, ${goal}`}"
    title="${from}${label}${goal === "" ? "" : `, ${goal}`}. Click to sort, Shift+click to sort by it as well."
    tabindex=${position.tabindex}
    style=${placeStyle(position)}
  >
    <span class="text">${label}</span>
    ${column?.goal ? html`<span class="goal">${column.goal === "maximize" ? "↑" : "↓"}</span>` : nothing}
    ${
      key === undefined
        ? nothing
        : html`<span class="codicon codicon-triangle-${key.descending ? "down" : "up"} sort"></span>${
            sort.length > 1 ? html`<span class="sort-place">${place + 1}</span>` : nothing
          }`
    }
  </div>`;
}

/** The first cell of a row: which checkpoint it is, in the look of its line. */
export function nameTemplate(cell: {
  readonly row: ComparedRow;
  readonly slot: number;
  readonly isBaseline: boolean;
  /** Whether the project has to be named as well. */
  readonly showsProject: boolean;
  readonly position: CellPosition;
}): TemplateResult {
  const { row, slot, isBaseline, showsProject, position } = cell;
  const details = [
    rowName(row),
    showsProject ? `project ${projectName(row.reference.root)}` : "",
    row.name === null ? "" : `“${row.name}”`,
    row.stage === null ? "" : `stage ${row.stage}`,
    row.origin === null ? "" : `branched off ${row.origin}`,
    row.reference.sequence === null ? "follows the last checkpoint" : "",
    row.starred ? "starred" : "",
    row.thinned ? "large outputs may be gone" : "",
    isBaseline ? "baseline" : "",
  ].filter((detail) => detail !== "");
  return html`<div
    class="cell name"
    role="rowheader"
    data-cell="${position.row}:${position.column}"
    aria-colindex="1"
    aria-label=${details.join(", ")}
    title=${details.join("\n")}
    tabindex=${position.tabindex}
    style=${placeStyle(position)}
  >
    ${swatch(slot)}
    <span class="text">${row.reference.experiment}</span><span class="sequence">@${row.sequence}</span>
    ${showsProject ? html`<span class="faint">${projectName(row.reference.root)}</span>` : nothing}
    ${row.origin === null ? nothing : html`<span class="codicon codicon-repo-forked faint"></span>`}
    ${row.starred ? html`<span class="codicon codicon-star-full faint"></span>` : nothing}
    ${isBaseline ? html`<span class="badge">baseline</span>` : nothing}
    <span class="row-actions" aria-hidden="true">
      <span class="row-action row-resume codicon codicon-debug-continue" title="Resume from ${rowName(row)}…"></span>
      <span class="row-action row-menu codicon codicon-ellipsis" title="Resume, fork, rewind, apply…"></span>
    </span>
  </div>`;
}

/** A value. */
export function cellTemplate(cell: {
  /** Whether it is the first one under its file's heading. */
  readonly isGroupStart: boolean;
  readonly model: TableModel;
  readonly row: ComparedRow;
  readonly column: Column;
  readonly now: number;
  readonly position: CellPosition;
}): TemplateResult {
  const { isGroupStart, model, row, column, now, position } = cell;
  const view = viewCell(model, row, column, now);
  const classes = [
    "cell",
    column.kind,
    view.standing,
    column.isNumeric ? "number" : "",
    view.isBest ? "best" : "",
    isGroupStart ? "group-start" : "",
  ];
  return html`<div
    class=${classes.join(" ")}
    role="gridcell"
    data-cell="${position.row}:${position.column}"
    aria-colindex=${position.column + 1}
    aria-label=${view.description}
    title=${fullText(row, column)}
    tabindex=${position.tabindex}
    style=${placeStyle(position)}
  >
    ${column.key === "status" && column.kind === "checkpoint" ? statusIcon(row.status) : nothing}
    ${view.isBest ? html`<span class="codicon codicon-star-full best-mark"></span>` : nothing}
    <span class="text">${view.text}</span>
    ${view.delta === null ? nothing : html`<span class="delta">${view.delta}</span>`}
  </div>`;
}

const statusIcons: { readonly [status: string]: string } = {
  running: "loading codicon-modifier-spin",
  succeeded: "pass",
  failed: "error",
  interrupted: "warning",
  lost: "question",
  recorded: "circle-outline",
};

/** How an experiment stands, as an icon. */
function statusIcon(status: string): TemplateResult {
  const name = Object.hasOwn(statusIcons, status) ? statusIcons[status] : "circle-outline";
  return html`<span class="codicon codicon-${name} status-${status.replaceAll(/\W/g, "")}" aria-hidden="true"></span>`;
}

function goalWords(column: Column | null): string {
  if (column?.goal === "maximize") return "higher is better";
  return column?.goal === "minimize" ? "lower is better" : "";
}

function fullText(row: ComparedRow, column: Column): string {
  const cell = cellOf(row, column);
  if (column.kind === "checkpoint" && column.key === "recorded") return formatTime(row.createdAt);
  if (column.kind === "checkpoint" && column.key === "step" && row.total !== null)
    return `${cell} of ${row.total}`;
  return cell === undefined || cell === null ? "no value" : String(cell);
}

function placeStyle({ column, left, width }: CellPosition) {
  // The name sticks to the left edge instead of having a place.
  return styled(column === 0 ? { width: `${width}px` } : { left: `${left}px`, width: `${width}px` });
}
