import type uPlot from "uplot";
import type { PlotLook } from "./plotLook.ts";
import type { Curve } from "./series.ts";
import { lineStyle } from "./style.ts";

/** Draws rings around selected checkpoints, diamonds where lines branch off, and triangles where they jumped. */
export function drawMarks(plot: uPlot, curves: ReadonlySet<Curve>, look: PlotLook): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(plot.bbox.left - 8, plot.bbox.top - 8, plot.bbox.width + 16, plot.bbox.height + 16);
  ctx.clip();
  ctx.setLineDash([]);
  ctx.lineWidth = 2 * ratio;
  ctx.fillStyle = look.palette.background;
  for (const curve of curves) {
    const marked = look.marked.get(curve.line.key);
    ctx.strokeStyle = look.palette.hues[lineStyle(curve.line.slot).hue] ?? look.palette.text;
    curve.x.forEach((x, index) => {
      const sequence = curve.sequences[index] ?? -1;
      const isFork = curve.inherited > 0 && index === curve.inherited - 1;
      const isMarked = marked?.has(sequence) ?? false;
      const isJump = curve.seams.get(sequence)?.isJump ?? false;
      if (!isFork && !isMarked && !isJump) return;
      const [left, top] = [plot.valToPos(x, "x", true), plot.valToPos(curve.y[index] ?? 0, "y", true)];
      ctx.beginPath();
      if (isJump) triangle(ctx, left, top, 6.5 * ratio);
      else if (isFork) diamond(ctx, left, top, 5.5 * ratio);
      else ctx.arc(left, top, 5 * ratio, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    });
  }
  ctx.restore();
}

function diamond(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.moveTo(x, y - radius);
  ctx.lineTo(x + radius, y);
  ctx.lineTo(x, y + radius);
  ctx.lineTo(x - radius, y);
  ctx.closePath();
}

function triangle(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.moveTo(x, y - radius);
  ctx.lineTo(x + radius * 0.95, y + radius * 0.7);
  ctx.lineTo(x - radius * 0.95, y + radius * 0.7);
  ctx.closePath();
}
