import type { Axis } from "./choices.ts";
import type { Palette } from "./palette.ts";

/** How charts are drawn, whatever their data. */
export interface PlotLook {
  readonly axis: Axis;
  readonly logarithmic: boolean;
  readonly range: readonly [from: number, to: number] | null;
  readonly palette: Palette;
  /** Key of the line to bring out; the others step back. */
  readonly highlight: string | null;
  /** Points to ring: the selected checkpoints, by line. */
  readonly marked: ReadonlyMap<string, ReadonlySet<number>>;
}
