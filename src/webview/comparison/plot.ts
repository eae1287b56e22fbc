import uPlot from "uplot";
import type { ChartData, ChartSeries } from "./chartModel.ts";
import { plotAxes } from "./plotAxes.ts";
import type { PlotLook } from "./plotLook.ts";
import { drawMarks } from "./plotMarks.ts";
import { type Curve, nearestIndex } from "./series.ts";
import { lineStyle } from "./style.ts";

/** A point of a curve under the pointer, with its place in the window. */
export interface PointHit {
  readonly curve: Curve;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

/** Where the cursor stands. */
export interface PlotCursor {
  /** On the axis, at a point of the data. */
  readonly x: number;
  /** In pixels from the left of the canvas. */
  readonly left: number;
  /** Key of the line that is nearest to it. */
  readonly nearest: string | null;
}

export interface PlotEvents {
  /** The cursor moved; `null`: it left. */
  onCursor(cursor: PlotCursor | null): void;
  onPoint(hit: PointHit): void;
  onZoom(range: readonly [from: number, to: number] | null): void;
}

/** Charts with the same key move their cursors together. */
const syncKey = "savepoint-comparison";
/** How far from a point a click counts, in pixels. */
const reach = 28;
/** Up to this many, lines are drawn strongly. */
const fewLines = 12;

/** One chart on a canvas. Owns the chart library's instance, which is made anew when the set of its series changes. */
export class MetricPlot {
  readonly #element: HTMLElement;
  readonly #events: PlotEvents;
  #plot: uPlot | null = null;
  #structure = "";
  #data: ChartData;
  #look: PlotLook;

  constructor(element: HTMLElement, events: PlotEvents, data: ChartData, look: PlotLook) {
    this.#element = element;
    this.#events = events;
    this.#data = data;
    this.#look = look;
    this.#create();
  }

  show(data: ChartData, look: PlotLook): void {
    this.#data = data;
    this.#look = look;
    const plot = this.#plot;
    if (plot === null || structureOf(data, look) !== this.#structure) {
      this.#create();
      return;
    }
    for (const [index, series] of data.series.entries()) {
      const drawn = plot.series[index + 1];
      if (drawn !== undefined) drawn.alpha = this.#alpha(series);
    }
    plot.setData(asColumns(data));
  }

  resize(): void {
    this.#plot?.setSize(this.#size());
  }

  /** Moves the cursor to an x of the data; other charts follow. */
  moveCursor(x: number): void {
    const plot = this.#plot;
    if (plot === null) return;
    const setCursor: (cursor: { left: number; top: number }, fire: boolean, publish: boolean) => void =
      plot.setCursor;
    setCursor({ left: plot.valToPos(x, "x"), top: plot.over.clientHeight / 2 }, true, true);
  }

  /** Place in the window of a point. */
  placeOf(x: number, y: number): { readonly x: number; readonly y: number } {
    const plot = this.#plot;
    if (plot === null) return { x: 0, y: 0 };
    const { left, top } = plot.over.getBoundingClientRect();
    return { x: left + plot.valToPos(x, "x"), y: top + plot.valToPos(y, "y") };
  }

  dispose(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #create(): void {
    this.#plot?.destroy();
    this.#structure = structureOf(this.#data, this.#look);
    this.#plot = new uPlot(this.#options(), asColumns(this.#data), this.#element);
    this.#listen(this.#plot);
  }

  #options(): uPlot.Options {
    const { axis, logarithmic } = this.#look;
    return {
      ...this.#size(),
      padding: [10, 22, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 6 },
        points: { size: 7, width: 2, fill: () => this.#look.palette.background },
        sync: { key: syncKey, scales: ["x", null], filters: { pub: isCursorEvent } },
        bind: {
          dblclick: () => () => {
            this.#events.onZoom(null);
            return null;
          },
        },
      },
      scales: {
        x: { time: axis === "time", range: (_plot, from, to) => this.#xRange(from, to) },
        y: logarithmic ? { distr: 3 } : {},
      },
      axes: plotAxes(axis, () => this.#look.palette),
      series: [{}, ...this.#data.series.map((series) => this.#series(series))],
      hooks: {
        draw: [(plot) => drawMarks(plot, this.#curves(), this.#look)],
        setCursor: [(plot) => this.#onCursor(plot)],
        setSelect: [(plot) => this.#onSelect(plot)],
      },
    };
  }

  #series(series: ChartSeries): uPlot.Series {
    const { hue, dash } = lineStyle(series.curve.line.slot);
    const stroke = () => this.#look.palette.hues[hue] ?? this.#look.palette.text;
    return {
      stroke,
      alpha: this.#alpha(series),
      width: series.part === "own" && this.#curves().size <= fewLines ? 2 : 1.25,
      dash: series.part === "inherited" ? [2, 4] : [...dash],
      spanGaps: true,
      points: {
        // Single points stay visible where they stand apart, and where there is no line to see.
        show: (plot, index) => this.#showsPoints(plot, index - 1),
        size: 5,
        stroke,
        fill: stroke,
      },
    };
  }

  #showsPoints(plot: uPlot, index: number): boolean {
    const series = this.#data.series[index];
    return series?.part === "own" && series.points * 14 < plot.over.clientWidth;
  }

  #alpha({ curve, part }: ChartSeries): number {
    const own = part === "own" ? 1 : part === "inherited" ? 0.65 : 0.25;
    const { highlight } = this.#look;
    return highlight === null || highlight === curve.line.key ? own : own * 0.18;
  }

  #size(): { width: number; height: number } {
    return {
      width: Math.max(120, this.#element.clientWidth),
      height: Math.max(80, this.#element.clientHeight),
    };
  }

  #xRange(from: number | null, to: number | null): [number, number] {
    const { range } = this.#look;
    if (range !== null) return [range[0], range[1]];
    if (from === null || to === null) return [0, 1];
    return from === to ? [from - 1, to + 1] : [from, to];
  }

  #listen(plot: uPlot): void {
    let pressedAt = 0;
    plot.over.addEventListener("pointerdown", (event) => {
      pressedAt = event.clientX;
    });
    plot.over.addEventListener("click", (event) => {
      // The end of a drag, which zooms.
      if (Math.abs(event.clientX - pressedAt) > 4) return;
      const hit = this.#hit(plot, event);
      if (hit !== null) this.#events.onPoint(hit);
    });
    plot.over.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      const hit = this.#hit(plot, event);
      if (hit !== null) this.#events.onPoint(hit);
    });
  }

  /** The point nearest to the pointer, within reach. */
  #hit(plot: uPlot, event: MouseEvent): PointHit | null {
    const box = plot.over.getBoundingClientRect();
    const nearest = this.#nearest(plot, event.clientX - box.left, event.clientY - box.top);
    if (nearest === null || nearest.distance > reach) return null;
    return { curve: nearest.curve, index: nearest.index, x: event.clientX, y: event.clientY };
  }

  /** The point nearest to a place in the plot, with its distance in pixels. */
  #nearest(plot: uPlot, left: number, top: number) {
    let nearest: { curve: Curve; index: number; distance: number } | null = null;
    const position = plot.posToVal(left, "x");
    for (const curve of this.#curves()) {
      const index = nearestIndex(curve.x, position);
      const [x, y] = [curve.x[index], curve.y[index]];
      if (x === undefined || y === undefined) continue;
      const distance = Math.hypot(plot.valToPos(x, "x") - left, plot.valToPos(y, "y") - top);
      if (nearest === null || distance < nearest.distance) nearest = { curve, index, distance };
    }
    return nearest;
  }

  #curves(): ReadonlySet<Curve> {
    return new Set(this.#data.series.map((series) => series.curve));
  }

  #onCursor(plot: uPlot): void {
    const { idx, left = -1, top = -1 } = plot.cursor;
    const x = idx === null || idx === undefined ? undefined : plot.data[0][idx];
    if (x === undefined || left < 0) this.#events.onCursor(null);
    else {
      const nearest = this.#nearest(plot, left, top)?.curve.line.key ?? null;
      this.#events.onCursor({ x, left: left + plot.over.offsetLeft, nearest });
    }
  }

  #onSelect(plot: uPlot): void {
    const { left, width } = plot.select;
    if (width <= 0) return;
    const range = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")] as const;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    if (range[1] > range[0]) this.#events.onZoom(range);
  }
}

function isCursorEvent(type: string): boolean {
  return type === "mousemove" || type === "mouseleave";
}

function structureOf(data: ChartData, look: PlotLook): string {
  const series = data.series.map(({ curve, part, points }) => [
    curve.line.key,
    curve.line.slot,
    part,
    points > 0,
  ]);
  return JSON.stringify([series, look.axis, look.logarithmic, look.palette.font]);
}

function asColumns(data: ChartData): uPlot.AlignedData {
  // The library only reads what it is given.
  return [data.x, ...data.columns] as unknown as uPlot.AlignedData;
}
