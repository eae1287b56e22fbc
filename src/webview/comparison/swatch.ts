import { html, type TemplateResult } from "lit";
import { lineStyle } from "./style.ts";

/** A short piece of a line as the charts draw it. */
export function swatch(slot: number): TemplateResult {
  const { hue, dash } = lineStyle(slot);
  return html`<svg class="swatch hue-${hue}" viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">
    <line x1="1" y1="5" x2="27" y2="5" stroke="currentColor" stroke-width="2.5" stroke-dasharray=${dash.join(" ")} />
  </svg>`;
}
