import "@vscode-elements/elements/dist/vscode-button/index.js";
import "@vscode-elements/elements/dist/vscode-checkbox/index.js";
import "@vscode-elements/elements/dist/vscode-option/index.js";
import "@vscode-elements/elements/dist/vscode-single-select/index.js";
import "@vscode-elements/elements/dist/vscode-textfield/index.js";
import { html, nothing, type TemplateResult } from "lit";
import { axes, type Choices, maximumSmoothing } from "./choices.ts";
import type { TableModel } from "./tableModel.ts";

/** Changes some choices. */
export type Choose = (change: Partial<Choices>) => void;

/** The controls above the table. */
export function tableToolbar(toolbar: {
  readonly choices: Choices;
  readonly model: TableModel;
  readonly choose: Choose;
  readonly copy: (format: "markdown" | "csv") => void;
  readonly add: () => void;
}): TemplateResult {
  const { choices, model, choose, copy, add } = toolbar;
  const left = [
    model.equal > 0 ? `${model.equal} equal` : "",
    model.filtered > 0 ? `${model.filtered} not matching` : "",
  ].filter((part) => part !== "");
  return html`<div class="toolbar">
    <vscode-textfield
      class="filter"
      placeholder="Filter params and metrics"
      label="Filter params and metrics"
      .value=${choices.filter}
      @input=${(event: Event) => choose({ filter: (event.target as HTMLInputElement).value })}
    ></vscode-textfield>
    <vscode-checkbox
      label="Only differences"
      ?checked=${choices.onlyDifferences}
      @change=${(event: Event) => choose({ onlyDifferences: (event.target as HTMLInputElement).checked })}
    ></vscode-checkbox>
    <span class="hidden-count" role="status">
      ${left.length === 0 ? nothing : `${left.join(", ")} ${model.equal + model.filtered === 1 ? "column" : "columns"} hidden`}
    </span>
    <span class="spring"></span>
    <vscode-button secondary title="Copy the table as Markdown" @click=${() => copy("markdown")}>
      Copy Markdown
    </vscode-button>
    <vscode-button secondary title="Copy the table as comma-separated values" @click=${() => copy("csv")}>
      Copy CSV
    </vscode-button>
    <vscode-button title="Add experiments or checkpoints to the comparison" @click=${add}>Add…</vscode-button>
  </div>`;
}

const axisLabels = { step: "Step", elapsed: "Training time", time: "Clock time" } as const;

/** The controls above the charts. */
export function chartToolbar(toolbar: {
  readonly choices: Choices;
  readonly hasForks: boolean;
  readonly isZoomed: boolean;
  readonly choose: Choose;
  readonly resetZoom: () => void;
}): TemplateResult {
  const { choices, hasForks, isZoomed, choose, resetZoom } = toolbar;
  return html`<div class="toolbar">
    <span class="control">
      <span class="control-label" aria-hidden="true">X axis</span>
      <vscode-single-select
        class="axis"
        label="X axis"
        .value=${choices.axis}
        @change=${(event: Event) => {
          const { value } = event.target as HTMLSelectElement;
          choose({ axis: axes.find((axis) => axis === value) ?? "step" });
        }}
      >
        ${axes.map((axis) => html`<vscode-option value=${axis} ?selected=${axis === choices.axis}>${axisLabels[axis]}</vscode-option>`)}
      </vscode-single-select>
    </span>
    <label class="control">
      <span class="control-label">Smoothing</span>
      <input
        type="range"
        min="0"
        max=${maximumSmoothing}
        step="0.01"
        .value=${String(choices.smoothing)}
        @input=${(event: Event) => choose({ smoothing: Number((event.target as HTMLInputElement).value) })}
      />
      <output>${choices.smoothing === 0 ? "off" : choices.smoothing.toFixed(2)}</output>
    </label>
    <vscode-checkbox
      label="Log scale"
      ?checked=${choices.logarithmic}
      @change=${(event: Event) => choose({ logarithmic: (event.target as HTMLInputElement).checked })}
    ></vscode-checkbox>
    ${
      hasForks
        ? html`<vscode-checkbox
            label="Inherited points"
            title="Show the part of a forked line that it shares with the line it came from"
            ?checked=${choices.inherited}
            @change=${(event: Event) => choose({ inherited: (event.target as HTMLInputElement).checked })}
          ></vscode-checkbox>`
        : nothing
    }
    ${isZoomed ? html`<vscode-button secondary @click=${resetZoom}>Reset Zoom</vscode-button>` : nothing}
    <span class="hint">Click a point to resume or fork · drag to zoom</span>
  </div>`;
}
