import type uPlot from "uplot";
import { formatDuration, formatNumber } from "../../engine/compare/present.ts";
import type { Axis } from "./choices.ts";
import type { Palette } from "./palette.ts";

/** The two axes of a chart. The palette is asked at each drawing, so that the axes follow the theme. */
export function plotAxes(axis: Axis, palette: () => Palette): uPlot.Axis[] {
  const line = { stroke: () => palette().grid, width: 1 };
  const shared: uPlot.Axis = {
    stroke: () => palette().text,
    font: palette().font,
    grid: line,
    ticks: { ...line, size: 4 },
    gap: 4,
  };
  return [
    { ...shared, size: 28, space: 64, ...marksOf(axis) },
    {
      ...shared,
      size: (_plot, values) => 16 + 6.6 * Math.max(2, ...(values ?? []).map((value) => value?.length ?? 0)),
      // A logarithmic axis leaves most of its marks without a number.
      values: (_plot, values) => values.map((value) => (value === null ? "" : formatNumber(value))),
    },
  ];
}

/** Where the x axis has marks and what stands at them; moments are the chart library's own. */
function marksOf(axis: Axis): Pick<uPlot.Axis, "incrs" | "values"> {
  if (axis === "time") return {};
  if (axis === "step") return { incrs: wholeIncrements, values: (_plot, values) => values.map(formatNumber) };
  const values: uPlot.Axis.DynamicValues = (_plot, seconds) =>
    seconds.map((value) => (value === 0 ? "0" : formatDuration(value * 1000)));
  return { incrs: durationIncrements, values };
}

/** Steps are whole numbers, and so are the marks on their axis. */
const wholeIncrements = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((factor) => factor * 10 ** power),
).flat();

const durationIncrements = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200,
  86_400, 172_800, 604_800, 1_209_600, 2_419_200,
];
