import { hueCount } from "./style.ts";

/** Colours and font of the theme, as the canvas needs them: resolved. */
export interface Palette {
  readonly text: string;
  readonly grid: string;
  readonly background: string;
  readonly hues: readonly string[];
  readonly font: string;
}

/** Reads the theme. Costs a style recalculation, so it is read once for each change of the theme. */
export function readPalette(): Palette {
  const probe = document.createElement("span");
  document.body.append(probe);
  const computed = getComputedStyle(probe);
  const color = (variable: string) => {
    probe.style.color = `var(${variable})`;
    return computed.color;
  };
  const palette = {
    text: color("--chart-text"),
    grid: color("--chart-grid"),
    background: color("--chart-background"),
    hues: Array.from({ length: hueCount }, (_, hue) => color(`--hue-${hue}`)),
    font: `11px ${computed.fontFamily}`,
  };
  probe.remove();
  return palette;
}

/** Calls back when VS Code has changed the theme. Returns the means to stop. */
export function watchTheme(onChange: () => void): () => void {
  // VS Code swaps the variables on the root element and the theme's kind on the body, in one turn.
  const observer = new MutationObserver(onChange);
  observer.observe(document.documentElement, { attributeFilter: ["style"] });
  observer.observe(document.body, { attributeFilter: ["class"] });
  return () => observer.disconnect();
}
