import { html, nothing, type TemplateResult } from "lit";
import type { MetricLine } from "../protocol.ts";
import { projectName } from "./exports.ts";
import type { PlotLook } from "./plotLook.ts";
import { swatch } from "./swatch.ts";

export interface LegendActions {
  /** Shows the line alone, or all again. */
  isolate(line: string): void;
  /** Switches one line on or off. */
  toggle(line: string): void;
  /** Brings a line out while the pointer or the focus is on it. */
  highlight(line: string | null): void;
}

/** The lines of all charts. */
export function legend(legend: {
  readonly lines: readonly MetricLine[];
  readonly hidden: readonly string[];
  readonly marked: PlotLook["marked"];
  /** Whether the project has to be named as well. */
  readonly showsProject: boolean;
  readonly actions: LegendActions;
}): TemplateResult {
  const { lines, hidden, marked, showsProject, actions } = legend;
  return html`<ul class="legend" aria-label="Lines in the charts">
    ${lines.map(({ key, root, slot, experiment }) => {
      const isShown = !hidden.includes(key);
      return html`<li>
        <button
          class="legend-item"
          aria-pressed=${isShown}
          title="${experiment}\nClick to show it alone, Ctrl+click to switch it on or off"
          @click=${(event: MouseEvent) =>
            event.ctrlKey || event.metaKey || event.shiftKey ? actions.toggle(key) : actions.isolate(key)}
          @pointerenter=${() => actions.highlight(isShown ? key : null)}
          @pointerleave=${() => actions.highlight(null)}
          @focus=${() => actions.highlight(isShown ? key : null)}
          @blur=${() => actions.highlight(null)}
        >
          ${swatch(slot)}<span class="text">${experiment}</span>
          ${showsProject ? html`<span class="faint">${projectName(root)}</span>` : nothing}
        </button>
      </li>`;
    })}
    ${marked.size > 0 ? html`<li class="key">○ selected checkpoint</li>` : nothing}
    ${lines.some((line) => line.inherited > 0) ? html`<li class="key">◇ branched off</li>` : nothing}
    ${lines.some(({ seams }) => seams.some(({ isJump }) => isJump)) ? html`<li class="key">△ jumped after a resume</li>` : nothing}
  </ul>`;
}
