import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { formatNumber } from "../../engine/compare/present.ts";
import {
  bestReading,
  type ChartData,
  type ChartModel,
  chartData,
  type Reading,
  readAt,
} from "./chartModel.ts";
import { valuesTable } from "./chartTable.ts";
import type { Choices } from "./choices.ts";
import { formatPosition } from "./format.ts";
import { MetricPlot, type PlotCursor, type PlotEvents } from "./plot.ts";
import type { PlotLook } from "./plotLook.ts";
import { type Curve, hasSteps } from "./series.ts";
import { styled } from "./styled.ts";
import { swatch } from "./swatch.ts";

export interface ChartActions {
  openMenu(curve: Curve, index: number, x: number, y: number, origin: HTMLElement): void;
  zoom(range: readonly [from: number, to: number] | null): void;
}

/** Values that the box beside the cursor lists at most. */
const longestReadout = 10;

/**
 * The chart of one metric: a canvas for the eye, and a slider over its points with the same content in words for the
 * keyboard and for screen readers. The canvas is made when the chart first comes into view.
 */
export class MetricChart extends LitElement {
  static override properties = {
    model: { attribute: false },
    choices: { attribute: false },
    look: { attribute: false },
    cursor: { state: true },
    isPointed: { state: true },
    isTable: { state: true },
    chosen: { state: true },
  };
  declare model: ChartModel;
  declare choices: Choices;
  declare look: PlotLook;
  declare actions: ChartActions;
  declare private cursor: PlotCursor | null;
  /** Whether the pointer or the keyboard is here; other charts only follow the cursor. */
  declare private isPointed: boolean;
  declare private isTable: boolean;
  /** Key of the line that Enter acts on. */
  declare private chosen: string | null;

  #data: ChartData | null = null;
  #plot: MetricPlot | null = null;
  #isInView = false;
  #isDue = false;
  #observers: { disconnect(): void }[] = [];

  constructor() {
    super();
    this.cursor = null;
    this.isPointed = false;
    this.isTable = false;
    this.chosen = null;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const resize = new ResizeObserver(() => this.#plot?.resize());
    const view = new IntersectionObserver(
      (entries) => {
        this.#isInView = entries.at(-1)?.isIntersecting ?? false;
        if (this.#isInView) this.#draw();
      },
      // A little ahead of the scrolling.
      { rootMargin: "300px" },
    );
    resize.observe(this);
    view.observe(this);
    this.#observers = [resize, view];
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const observer of this.#observers) observer.disconnect();
    this.#dropPlot();
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("model") || changed.has("choices") || changed.has("look")) {
      this.#data = chartData(this.model.curves, { ...this.choices, range: this.look.range });
    }
  }

  protected override updated(changed: PropertyValues): void {
    this.#isDue ||= changed.has("model") || changed.has("choices") || changed.has("look");
    this.#draw();
  }

  /** Brings the canvas up to date when it is in view; what is out of view waits. */
  #draw(): void {
    const area = this.querySelector<HTMLElement>(".plot");
    if (area === null || this.#data === null) {
      this.#dropPlot();
    } else if (this.#isInView && this.#plot === null) {
      this.#plot = new MetricPlot(area, this.#events, this.#data, this.look);
    } else if (this.#isInView && this.#isDue) {
      this.#plot?.show(this.#data, this.look);
    } else {
      return;
    }
    this.#isDue = false;
  }

  readonly #events: PlotEvents = {
    onCursor: (cursor) => {
      this.cursor = cursor;
    },
    onPoint: ({ curve, index, x, y }) => this.actions.openMenu(curve, index, x, y, this.#slider()),
    onZoom: (range) => this.actions.zoom(range),
  };

  protected override render(): TemplateResult {
    const { key, file, goal, curves } = this.model;
    const best = bestReading(curves, goal);
    const arrow = goal === null ? "" : goal === "maximize" ? "↑" : "↓";
    return html`<section class="chart" aria-label="${key}, ${file}">
      <header>
        <h3 title="${file}: ${key}">${key}<span class="goal">${arrow}</span></h3>
        <span class="file" title=${file}>${file}</span>
        ${best === null ? nothing : this.#bestButton(best)}
        <button
          class="icon-button"
          aria-pressed=${this.isTable}
          title=${this.isTable ? "Show as a chart" : "Show as a table"}
          aria-label="${key}: show as a table"
          @click=${() => {
            this.isTable = !this.isTable;
          }}
        >
          <span class="codicon codicon-${this.isTable ? "graph-line" : "table"}"></span>
        </button>
      </header>
      ${this.isTable ? valuesTable(this.model, this.choices.axis, this.#unit()) : this.#plotArea()}
      ${this.#note()}
    </section>`;
  }

  #bestButton({ curve, index, y }: Reading): TemplateResult {
    const name = `${curve.line.experiment}@${curve.sequences[index]}`;
    return html`<button
      class="best-button"
      title="Best: ${name}, ${y}"
      @click=${(event: MouseEvent) => {
        const origin = event.currentTarget as HTMLElement;
        const { left, bottom } = origin.getBoundingClientRect();
        this.actions.openMenu(curve, index, left, bottom + 2, origin);
      }}
    >
      <span class="codicon codicon-star-full" aria-hidden="true"></span>
      <span class="value">${formatNumber(y)}</span>${swatch(curve.line.slot)}<span class="sr">best, ${name}</span>
    </button>`;
  }

  #plotArea(): TemplateResult {
    const { x = [] } = this.#data ?? {};
    const at = this.cursor?.x ?? x.at(-1) ?? 0;
    return html`<div class="plot-frame" @pointerenter=${() => this.#point(true)} @pointerleave=${() => this.#point(false)}>
      <div
        class="plot"
        role="slider"
        tabindex="0"
        aria-label="${this.model.key}: left and right move along the axis, up and down choose a line, Enter acts on its checkpoint"
        aria-valuemin=${x[0] ?? 0}
        aria-valuemax=${x.at(-1) ?? 0}
        aria-valuenow=${at}
        aria-valuetext=${this.#words(at)}
        @keydown=${this.#onKeydown}
        @focus=${() => this.#point(true)}
        @blur=${() => this.#point(false)}
      ></div>
      ${this.cursor !== null && this.isPointed ? this.#readout(this.cursor) : nothing}
    </div>`;
  }

  /** The values of all lines at the cursor, best first. */
  #readout(cursor: PlotCursor): TemplateResult {
    const readings = this.#readings(cursor.x);
    const isNearest = (reading: Reading) => reading.curve.line.key === cursor.nearest;
    // The line at the pointer is listed whatever its place.
    const shown = readings.filter((reading, index) => index < longestReadout || isNearest(reading));
    const { clientWidth } = this;
    const isLeft = cursor.left > clientWidth / 2;
    const side = isLeft
      ? { right: `${clientWidth - cursor.left + 14}px` }
      : { left: `${cursor.left + 14}px` };
    return html`<div class="readout" aria-hidden="true" style=${styled({ top: "6px", ...side })}>
      <div class="readout-title">${this.#position(cursor.x)}</div>
      ${shown.map(
        (
          reading,
        ) => html`<div class="reading ${isNearest(reading) && readings.length > 1 ? "nearest" : ""} ${this.#isChosen(reading) ? "chosen" : ""}">
          ${swatch(reading.curve.line.slot)}
          <span class="text">${reading.curve.line.experiment}</span>
          <span class="value">${formatNumber(reading.y)}</span>
          <span class="where">${reading.isExact ? "" : `@${reading.curve.sequences[reading.index]}`}</span>
        </div>${this.#seamLine(reading)}`,
      )}
      ${readings.length > shown.length ? html`<div class="more">${readings.length - shown.length} more</div>` : nothing}
    </div>`;
  }

  /** How training went on at a point, where it was resumed there. */
  #seamLine(reading: Reading): TemplateResult | typeof nothing {
    const seam = seamAt(reading);
    if (seam === undefined) return nothing;
    return html`<div class="seam">${seam.isJump ? "△ " : ""}${seam.text}</div>`;
  }

  #note(): TemplateResult | typeof nothing {
    const dropped = this.#data?.dropped ?? 0;
    if (dropped === 0) return nothing;
    const values = dropped === 1 ? "1 value is" : `${dropped} values are`;
    return html`<p class="note">${values} zero or less, which a logarithmic scale cannot show.</p>`;
  }

  #readings(x: number): readonly Reading[] {
    return readAt(this.model.curves, x, this.model.goal);
  }

  #words(x: number): string {
    const values = this.#readings(x).map((reading) => {
      const where = reading.isExact ? "" : ` at checkpoint ${reading.curve.sequences[reading.index]}`;
      const mark = this.#isChosen(reading) ? "chosen: " : "";
      const seam = seamAt(reading);
      const told = seam === undefined ? "" : `, ${seam.text}`;
      return `${mark}${reading.curve.line.experiment} ${formatNumber(reading.y)}${where}${told}`;
    });
    return `${this.#position(x)}: ${values.join(", ")}`;
  }

  #position(x: number): string {
    return formatPosition(x, this.choices.axis, this.#unit());
  }

  #unit(): string {
    return this.model.curves.every((curve) => hasSteps(curve.line)) ? "step" : "checkpoint";
  }

  #isChosen(reading: Reading): boolean {
    return reading.curve.line.key === this.chosen;
  }

  #point(isPointed: boolean): void {
    this.isPointed = isPointed;
  }

  #slider(): HTMLElement {
    return this.querySelector<HTMLElement>(".plot") ?? this;
  }

  #onKeydown(event: KeyboardEvent): void {
    const x = this.#data?.x ?? [];
    const at = this.cursor?.x ?? x.at(-1);
    if (at === undefined) return;
    const index = x.indexOf(at);
    const page = Math.max(1, Math.round(x.length / 10));
    const moves: { readonly [key: string]: number } = {
      ArrowLeft: index - 1,
      ArrowRight: index + 1,
      PageDown: index - page,
      PageUp: index + page,
      Home: 0,
      End: x.length - 1,
    };
    if (Object.hasOwn(moves, event.key)) {
      const target = x[Math.max(0, Math.min(x.length - 1, moves[event.key] ?? 0))];
      if (target !== undefined) this.#plot?.moveCursor(target);
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      this.#choose(at, event.key === "ArrowUp" ? -1 : 1);
    } else if (
      event.key === "Enter" ||
      event.key === "ContextMenu" ||
      (event.shiftKey && event.key === "F10")
    ) {
      this.#actOnChosen(at);
    } else if (event.key === "Escape") {
      this.actions.zoom(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  #choose(x: number, direction: number): void {
    const readings = this.#readings(x);
    const current = readings.findIndex((reading) => this.#isChosen(reading));
    const next = current === -1 ? 0 : (current + direction + readings.length) % readings.length;
    this.chosen = readings[next]?.curve.line.key ?? null;
    if (this.cursor === null) this.#plot?.moveCursor(x);
  }

  #actOnChosen(x: number): void {
    const readings = this.#readings(x);
    const reading = readings.find((candidate) => this.#isChosen(candidate)) ?? readings[0];
    if (reading === undefined) return;
    const place = this.#plot?.placeOf(reading.x, reading.y) ?? { x: 0, y: 0 };
    this.actions.openMenu(reading.curve, reading.index, place.x + 8, place.y + 8, this.#slider());
  }

  #dropPlot(): void {
    this.#plot?.dispose();
    this.#plot = null;
  }
}

function seamAt({ curve, index }: Reading) {
  return curve.seams.get(curve.sequences[index] ?? -1);
}

customElements.define("metric-chart", MetricChart);
