import { html, nothing, type TemplateResult } from "lit";
import { formatNumber } from "../../engine/compare/present.ts";
import type { ChartModel } from "./chartModel.ts";
import type { Axis } from "./choices.ts";
import { formatPosition } from "./format.ts";
import { align } from "./series.ts";
import { swatch } from "./swatch.ts";

/** Rows shown at most; the newest are kept. */
const longest = 500;

/** The values of a chart as a table: what the canvas shows, for those who cannot see it or want the numbers. */
export function valuesTable(model: ChartModel, axis: Axis, unit: string): TemplateResult {
  const { x, columns } = align(model.curves);
  const first = Math.max(0, x.length - longest);
  return html`<div class="values" tabindex="0" role="group" aria-label="${model.key} as a table">
    <table>
      <caption class="sr">${model.key} by ${axis === "step" ? unit : "time"}</caption>
      <thead>
        <tr>
          <th scope="col">${axis === "step" ? unit : "time"}</th>
          ${model.curves.map(
            ({ line }) =>
              html`<th scope="col" title=${line.experiment}>${swatch(line.slot)} ${line.experiment}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${x.slice(first).map(
          (position, index) => html`<tr>
            <th scope="row">${formatPosition(position, axis, "").trim()}</th>
            ${columns.map((column) => {
              const value = column[first + index];
              return html`<td>${value === null || value === undefined ? "" : formatNumber(value)}</td>`;
            })}
          </tr>`,
        )}
      </tbody>
    </table>
    ${first > 0 ? html`<p class="note">${first} earlier rows are not shown.</p>` : nothing}
  </div>`;
}
