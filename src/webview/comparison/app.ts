import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { CheckpointAction, HostMessage, MissingReference, Snapshot } from "../protocol.ts";
import type { ChartModel } from "./chartModel.ts";
import type { ChartActions } from "./chartView.ts";
import { type Choices, defaultChoices, toggleHidden, toggleIsolated, toggleSort } from "./choices.ts";
import { rowName, toCsv, toMarkdown } from "./exports.ts";
import { Host } from "./host.ts";
import { type LegendActions, legend } from "./legend.ts";
import type { MenuItem, PopupMenu } from "./menu.ts";
import { chartModels, markedPoints, menuTitle } from "./pageModel.ts";
import { type Palette, readPalette, watchTheme } from "./palette.ts";
import type { PlotLook } from "./plotLook.ts";
import { type Curve, metricNames } from "./series.ts";
import { nothingReceived, type Received, receive } from "./state.ts";
import { type TableModel, tableModel } from "./tableModel.ts";
import type { TableActions } from "./tableView.ts";
import { chartToolbar, tableToolbar } from "./toolbars.ts";

/** How often the ages in the table are worked out again, in milliseconds. */
const ageInterval = 30_000;

/** The page: what was received, what the person chose, and the parts that show it. */
export class ComparisonApp extends LitElement {
  static override properties = {
    received: { state: true },
    choices: { state: true },
    palette: { state: true },
    range: { state: true },
    highlight: { state: true },
    now: { state: true },
    announcement: { state: true },
  };
  declare private received: Received;
  declare private choices: Choices;
  declare private palette: Palette | null;
  /** The part of the x axis that all charts show. */
  declare private range: readonly [from: number, to: number] | null;
  declare private highlight: string | null;
  declare private now: number;
  /** Said to screen readers. */
  declare private announcement: string;

  readonly #host = new Host();
  #table: TableModel | null = null;
  #charts: readonly ChartModel[] = [];
  #look: PlotLook | null = null;
  #stopWatching: () => void = () => {};
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.received = nothingReceived;
    this.choices = defaultChoices;
    this.palette = null;
    this.range = null;
    this.highlight = null;
    this.now = Date.now();
    this.announcement = "";
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.choices = this.#host.restoredChoices();
    this.palette = readPalette();
    this.#stopWatching = watchTheme(() => {
      this.palette = readPalette();
    });
    this.#clock = setInterval(() => {
      this.now = Date.now();
    }, ageInterval);
    this.#host.connect((message) => this.#receive(message));
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching();
    clearInterval(this.#clock);
  }

  protected override willUpdate(changed: PropertyValues): void {
    const { snapshot } = this.received;
    if (snapshot === null || this.palette === null) return;
    if (changed.has("received") || changed.has("choices")) {
      this.#table = tableModel(snapshot, this.choices);
      this.#charts = chartModels(snapshot, this.choices);
    }
    this.#look = {
      axis: this.choices.axis,
      logarithmic: this.choices.logarithmic,
      range: this.range,
      palette: this.palette,
      highlight: this.highlight,
      marked: markedPoints(snapshot),
    };
  }

  protected override render(): TemplateResult {
    const { snapshot } = this.received;
    if (snapshot === null || (snapshot.loading && snapshot.rows.length === 0)) {
      return html`<div class="blank" role="status">Reading experiments…</div>`;
    }
    return html`
      <main>
        <h1 class="sr">Compare experiments</h1>
        ${snapshot.missing.map((missing) => this.#missing(missing))}
        ${snapshot.rows.length === 0 ? this.#empty() : this.#comparison(snapshot)}
        <popup-menu></popup-menu>
      </main>
      <div class="sr" role="status">${this.announcement}</div>
    `;
  }

  #empty(): TemplateResult {
    return html`<div class="blank">
      <p>Nothing to compare.</p>
      <vscode-button @click=${this.#add}>Add Experiments…</vscode-button>
    </div>`;
  }

  #missing({ key, label, reason }: MissingReference): TemplateResult {
    return html`<div class="notice" role="note">
      <span class="codicon codicon-warning" aria-hidden="true"></span>
      <span><strong>${label}</strong> is not shown: ${reason}.</span>
      <button
        class="icon-button"
        aria-label="Remove ${label} from the comparison"
        title="Remove from the comparison"
        @click=${() => this.#host.send({ kind: "dismiss", keys: [key] })}
      >
        <span class="codicon codicon-close"></span>
      </button>
    </div>`;
  }

  #comparison(snapshot: Snapshot): TemplateResult | typeof nothing {
    const model = this.#table;
    if (model === null) return nothing;
    return html`
      <section aria-label="Params and metrics">
        <h2 class="sr">Params and metrics</h2>
        ${tableToolbar({ choices: this.choices, model, choose: this.#choose, copy: this.#copyTable, add: this.#add })}
        <comparison-table
          .model=${model}
          .slots=${new Map(snapshot.lines.map((line) => [line.key, line.slot]))}
          .sort=${this.choices.sort}
          .showsProject=${snapshot.severalProjects}
          .now=${this.now}
          .actions=${this.#tableActions}
        ></comparison-table>
        ${
          snapshot.rows.length === 1
            ? html`<p class="note">Add another experiment or checkpoint to see what differs.</p>`
            : nothing
        }
      </section>
      ${this.#chartSection(snapshot)}
    `;
  }

  #chartSection({ lines, severalProjects }: Snapshot): TemplateResult {
    if (metricNames(lines).length === 0) {
      return html`<p class="note">These checkpoints have no metrics to draw.</p>`;
    }
    return html`<section aria-label="Charts">
      <h2 class="sr">Charts</h2>
      <div class="chart-controls">
        ${chartToolbar({
          choices: this.choices,
          hasForks: lines.some((line) => line.inherited > 0),
          isZoomed: this.range !== null,
          choose: this.#choose,
          resetZoom: () => this.#chartActions.zoom(null),
        })}
        ${
          lines.length > 1
            ? legend({
                lines,
                hidden: this.choices.hiddenLines,
                marked: this.#look?.marked ?? new Map(),
                showsProject: severalProjects,
                actions: this.#legendActions,
              })
            : nothing
        }
      </div>
      <div class="charts">
        ${repeat(
          this.#charts,
          (chart) => JSON.stringify([chart.file, chart.key]),
          (chart) =>
            html`<metric-chart
              .model=${chart}
              .choices=${this.choices}
              .look=${this.#look}
              .actions=${this.#chartActions}
            ></metric-chart>`,
        )}
      </div>
      ${this.#charts.length === 0 ? html`<p class="note">No metric matches the filter.</p>` : nothing}
    </section>`;
  }

  #receive(message: HostMessage): void {
    const wasStale = this.received.isStale;
    this.received = receive(this.received, message);
    this.now = Date.now();
    if (this.received.isStale && !wasStale) this.#host.send({ kind: "resync" });
    if (message.kind === "snapshot") this.#persist();
  }

  readonly #choose = (change: Partial<Choices>): void => {
    // What was zoomed to on one axis means nothing on another.
    if (change.axis !== undefined && change.axis !== this.choices.axis) this.range = null;
    this.choices = { ...this.choices, ...change };
    this.#persist();
  };

  #persist(): void {
    const selection = this.received.snapshot?.selection ?? [];
    this.#host.persist({ selection, choices: this.choices });
  }

  readonly #add = (): void => this.#host.send({ kind: "add" });

  readonly #copyTable = (format: "markdown" | "csv"): void => {
    if (this.#table === null) return;
    const { rows, columns } = this.#table;
    this.#copy(format === "csv" ? toCsv(rows, columns) : toMarkdown(rows, columns), "the table");
  };

  #copy(text: string, what: string): void {
    this.#host.send({ kind: "copy", text });
    this.announcement = `Copied ${what}`;
  }

  readonly #legendActions: LegendActions = {
    isolate: (line) =>
      this.#choose({ hiddenLines: toggleIsolated(this.choices.hiddenLines, line, this.#lineKeys()) }),
    toggle: (line) => this.#choose({ hiddenLines: toggleHidden(this.choices.hiddenLines, line) }),
    highlight: (line) => {
      this.highlight = line;
    },
  };

  #lineKeys(): readonly string[] {
    return this.received.snapshot?.lines.map((line) => line.key) ?? [];
  }

  readonly #tableActions: TableActions = {
    sort: (column, extend) => this.#choose({ sort: toggleSort(this.choices.sort, column, extend) }),
    resume: ({ line, sequence }) => this.#host.send({ kind: "act", action: "resume", line, sequence }),
    dismiss: (row) => this.#host.send({ kind: "dismiss", keys: [row.key] }),
    openMenu: (row, x, y, origin) => {
      const isBaseline = this.choices.baseline === row.key;
      const items: MenuItem[] = [
        ...this.#checkpointItems(row.line, row.sequence, rowName(row)),
        {
          label: isBaseline ? "Stop Using as Baseline" : "Use as Baseline",
          icon: isBaseline ? "pinned" : "pin",
          separated: true,
          run: () => this.#choose({ baseline: isBaseline ? null : row.key }),
        },
        { label: "Show Alone in Charts", icon: "eye", run: () => this.#legendActions.isolate(row.line) },
        {
          label: "Remove from Comparison",
          icon: "close",
          run: () => this.#tableActions.dismiss(row),
        },
      ];
      this.#openMenu({ title: menuTitle(rowName(row), row.step), items, x, y, origin });
    },
  };

  readonly #chartActions: ChartActions = {
    zoom: (range) => {
      if (range?.[0] !== this.range?.[0] || range?.[1] !== this.range?.[1]) this.range = range;
    },
    openMenu: (curve: Curve, index, x, y, origin) => {
      const sequence = curve.sequences[index];
      if (sequence === undefined) return;
      const name = `${curve.line.experiment}@${sequence}`;
      const step = curve.line.steps[curve.line.sequences.indexOf(sequence)] ?? null;
      const items = this.#checkpointItems(curve.line.key, sequence, name);
      this.#openMenu({ title: menuTitle(name, step), items, x, y, origin });
    },
  };

  #checkpointItems(line: string, sequence: number, name: string): readonly MenuItem[] {
    const act = (action: CheckpointAction) => () => this.#host.send({ kind: "act", action, line, sequence });
    return [
      { label: "Resume from Here…", icon: "debug-continue", run: act("resume") },
      { label: "Fork from Here…", icon: "repo-forked", run: act("fork") },
      ...(this.#isRewindable(line, sequence)
        ? [{ label: "Rewind to Here…", icon: "debug-step-back", run: act("rewind") }]
        : []),
      { label: "Apply to Workspace…", icon: "desktop-download", run: act("apply") },
      { label: "Show in Experiments", icon: "list-tree", separated: true, run: act("reveal") },
      { label: "Copy Name", icon: "copy", run: () => this.#copy(name, name) },
    ];
  }

  /** Whether the line recorded the checkpoint itself, and others after it. */
  #isRewindable(key: string, sequence: number): boolean {
    const line = this.received.snapshot?.lines.find((one) => one.key === key);
    const index = line?.sequences.indexOf(sequence) ?? -1;
    return line !== undefined && index >= line.inherited && index < line.sequences.length - 1;
  }

  #openMenu(request: Parameters<PopupMenu["open"]>[0]): void {
    void this.querySelector<PopupMenu>("popup-menu")?.open(request);
  }
}

customElements.define("savepoint-comparison", ComparisonApp);
