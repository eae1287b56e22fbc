import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { HostMessage } from "../../src/webview/protocol.ts";
import { lineKey, referenceKey } from "../../src/webview/protocol.ts";
import { ComparisonHarness, type ComparisonPage, themeNames } from "../support/comparison/harness.ts";
import {
  sampleAppend,
  sampleExperiment,
  sampleExperiments,
  sampleRoot,
  sampleSnapshot,
} from "../support/comparison/sample.ts";
import { until } from "../support/poll.ts";

const screenshots = fileURLToPath(new URL("../../screenshots/comparison/", import.meta.url));
const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const limit = 60_000;
const snapshot = sampleSnapshot(sampleExperiments(), { sequences: { "calm-otter": 22 } });

let harness: ComparisonHarness;
let opened: ComparisonPage | null = null;

before(async () => {
  await mkdir(screenshots, { recursive: true });
  harness = await ComparisonHarness.start();
});

after(() => harness?.dispose());

afterEach(async () => {
  // Whatever a test does, the page must neither break the policy nor throw.
  const violations = await opened?.violations();
  await opened?.close();
  opened = null;
  assert.deepEqual(violations ?? [], []);
});

async function open(
  message: HostMessage | null = snapshot,
  options: Parameters<ComparisonHarness["open"]>[0] = {},
): Promise<ComparisonPage> {
  opened = await harness.open(options);
  if (message !== null) await opened.receive(message);
  return opened;
}

/** Names of the rows in the table from top to bottom. */
async function rowNames(page: ComparisonPage["page"]): Promise<readonly string[]> {
  const rows = page.locator(".grid-body [role=row]");
  const named = await rows.evaluateAll((elements) =>
    elements.map((element) => ({
      index: Number(element.getAttribute("aria-rowindex")),
      name: element.querySelector(".name .text")?.textContent ?? "",
    })),
  );
  return named.toSorted((left, right) => left.index - right.index).map(({ name }) => name);
}

/** How many pixels of a chart are not transparent. */
function inkOf(page: ComparisonPage["page"], chart: number): Promise<number> {
  return page
    .locator("metric-chart canvas")
    .nth(chart)
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const { data } =
        (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height) ?? {};
      return (data ?? []).filter((value, index) => index % 4 === 3 && value > 0).length;
    });
}

for (const theme of themeNames) {
  test(`looks right and is accessible in ${theme}`, async () => {
    const { page } = await open(snapshot, { theme });
    await until(async () => (await inkOf(page, 0)) > 2000, limit, "a drawn chart");
    await page.screenshot({ path: `${screenshots}${theme}.png` });
    await assertAccessible(page);
    await page.locator('[data-cell="1:0"]').click({ button: "right" });
    await page.getByRole("menu").waitFor();
    await page.screenshot({ path: `${screenshots}${theme}-menu.png` });
    await assertAccessible(page);
  });
}

async function assertAccessible(page: ComparisonPage["page"]): Promise<void> {
  // Through the debugger, since the page's own policy lets nothing foreign in.
  const { readFile } = await import("node:fs/promises");
  await page.evaluate(await readFile(axePath, "utf8"));
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  });
  assert.deepEqual(found, []);
}

interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

test("waits visibly for the first snapshot, and says when there is nothing to compare", async () => {
  const panel = await open(null);
  await panel.page.getByText("Reading experiments…").waitFor();
  await panel.receive({ ...sampleSnapshot([]), loading: true });
  await panel.page.getByText("Reading experiments…").waitFor();
  await panel.receive({ ...sampleSnapshot([]), revision: 2 });
  await panel.page.getByText("Nothing to compare.").waitFor();
  await panel.page.getByRole("button", { name: "Add Experiments…" }).click();
  await panel.sent("add");
});

test("the table is a grid with its true size, and marks the best", async () => {
  const { page } = await open();
  const grid = page.getByRole("grid", { name: "Comparison of checkpoints" });
  assert.equal(await grid.getAttribute("aria-rowcount"), "6");
  assert.deepEqual(
    await rowNames(page),
    snapshot.rows.map((row) => row.reference.experiment),
  );
  await page.getByRole("gridcell", { name: "0.945, best" }).waitFor();
  const columns = Number(await grid.getAttribute("aria-colcount"));
  assert.equal(columns, 1 + 2 + 5 + 9 + 2 + 1);
});

test("a header sorts by keyboard; what is chosen is kept for the next life of the page", async () => {
  const panel = await open();
  const { page } = panel;
  await page.locator('[data-cell="-1:0"]').focus();
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const header = page.getByRole("columnheader", { name: "metrics.json: loss" });
  assert.equal(await header.getAttribute("aria-sort"), "ascending");
  assert.equal((await rowNames(page))[0], "brisk-wren");
  await page.keyboard.press("Enter");
  assert.equal((await rowNames(page))[0], "dry-finch");
  const state = await panel.state();
  await panel.close();
  const again = await open(snapshot, { state });
  assert.equal((await rowNames(again.page))[0], "dry-finch");
  assert.deepEqual((await again.state()) as object, state);
});

test("arrow keys reach cells that are out of sight", async () => {
  const { page } = await open(snapshot, { width: 700 });
  await page.locator('[data-cell="0:0"]').focus();
  await page.keyboard.press("Control+End");
  const focused = page.locator("[data-cell]:focus");
  await focused.waitFor();
  assert.equal(await focused.getAttribute("data-cell"), "4:19");
  await page.keyboard.press("Home");
  assert.equal(await focused.getAttribute("data-cell"), "4:0");
});

test("the row menu speaks to the host, and the focus comes back", async () => {
  const panel = await open();
  const { page } = panel;
  await page.locator('[data-cell="1:0"]').focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const [act] = await panel.sent("act");
  assert.deepEqual(act, {
    kind: "act",
    action: "fork",
    line: lineKey(sampleRoot, "calm-otter"),
    sequence: 22,
  });
  assert.equal(await page.locator("[data-cell]:focus").getAttribute("data-cell"), "1:0");
  await page.keyboard.press("Delete");
  const [dismiss] = await panel.sent("dismiss");
  assert.deepEqual(dismiss?.keys, [
    referenceKey({ root: sampleRoot, experiment: "calm-otter", sequence: 22 }),
  ]);
});

test("a baseline shows differences; equal columns can be hidden and are counted", async () => {
  const { page } = await open();
  await page.locator('[data-cell="1:0"]').click({ button: "right" });
  await page.getByRole("menuitem", { name: "Use as Baseline" }).click();
  assert.equal((await rowNames(page))[0], "calm-otter");
  await page.getByRole("gridcell", { name: "0.945, +0.0419, better than baseline 0.9031, best" }).waitFor();
  await page.locator("vscode-checkbox[label='Only differences']").click();
  await page.getByText("7 equal columns hidden").waitFor();
  assert.equal(await page.getByRole("grid").getAttribute("aria-colcount"), "13");
});

test("the filter narrows the table and the charts", async () => {
  const { page } = await open();
  await page.locator("vscode-textfield input").fill("val.");
  await page.getByText("columns hidden").waitFor();
  await until(async () => (await page.locator("metric-chart").count()) === 2, limit, "two charts");
});

test("the table is copied as Markdown and as CSV, with what is shown", async () => {
  const panel = await open();
  await panel.page.locator("vscode-button", { hasText: "Copy Markdown" }).click();
  await panel.page.locator("vscode-button", { hasText: "Copy CSV" }).click();
  await until(async () => (await panel.count("copy")) === 2, limit, "both copies");
  const [markdown, csv] = await panel.sent("copy");
  assert.match(markdown?.text ?? "", /^\| checkpoint \| status \| step \| accuracy \|/);
  assert.match(csv?.text ?? "", /^checkpoint,status,step,accuracy,/);
  assert.match(csv?.text ?? "", /\r\nbrisk-wren@31,running,3100,/);
});

test("charts: one for each metric, the legend shows a line alone", async () => {
  const { page } = await open();
  assert.equal(await page.locator("metric-chart").count(), 5);
  await until(async () => (await inkOf(page, 1)) > 2000, limit, "a drawn chart");
  const all = await inkOf(page, 1);
  const item = page.getByRole("button", { name: "dry-finch", exact: true });
  await item.click();
  await until(async () => (await inkOf(page, 1)) < all, limit, "less ink");
  assert.equal(await page.locator(".legend-item[aria-pressed=true]").count(), 1);
  await item.click();
  assert.equal(await page.locator(".legend-item[aria-pressed=true]").count(), 5);
});

test("an append draws one more point and moves the row on, without a new snapshot", async () => {
  const panel = await open(sampleSnapshot(sampleExperiments()));
  const { page } = panel;
  await until(async () => (await inkOf(page, 0)) > 2000, limit, "a drawn chart");
  const slider = page.getByRole("slider", { name: /^loss/ });
  const before = await slider.getAttribute("aria-valuetext");
  await panel.receive(sampleAppend({ name: "calm-otter", length: 40, rate: 0.02, hidden: 64 }, 2));
  await page.locator(".cell.name", { hasText: "calm-otter@41" }).waitFor();
  assert.equal(await slider.getAttribute("aria-valuemax"), "4100");
  assert.notEqual(await slider.getAttribute("aria-valuetext"), before);
  assert.equal(await panel.count("resync"), 0);
  await panel.receive(sampleAppend({ name: "calm-otter", length: 42, rate: 0.02, hidden: 64 }, 4));
  assert.equal((await panel.sent("resync")).length, 1);
});

test("a chart can be read and acted on by keyboard alone", async () => {
  const panel = await open();
  const { page } = panel;
  await until(async () => (await inkOf(page, 0)) > 2000, limit, "a drawn chart");
  const slider = page.getByRole("slider", { name: /^loss/ });
  await slider.focus();
  await page.keyboard.press("Home");
  await until(async () => (await slider.getAttribute("aria-valuenow")) === "100", limit, "the first step");
  for (let step = 0; step < 4; step += 1) await page.keyboard.press("ArrowRight");
  await until(async () => (await slider.getAttribute("aria-valuenow")) === "500", limit, "the fifth step");
  await page.keyboard.press("ArrowDown");
  assert.match((await slider.getAttribute("aria-valuetext")) ?? "", /^step 500: chosen: /);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Rewind to Here…" }).waitFor();
  await page.getByRole("menuitem", { name: "Resume from Here…" }).click();
  const [act] = await panel.sent("act");
  assert.deepEqual([act?.action, act?.sequence], ["resume", 5]);
});

test("the pointer reads all lines, and a click on a point offers to fork from it", async () => {
  const panel = await open(
    sampleSnapshot([sampleExperiment({ name: "amber-heron", length: 5, rate: 0.05 })]),
  );
  const { page } = panel;
  await until(async () => (await inkOf(page, 0)) > 500, limit, "a drawn chart");
  const over = page.locator("metric-chart .u-over").first();
  const box = await over.boundingBox();
  assert.ok(box);
  // The last point is the highest: at the right, just below the top.
  const position = { x: box.width - 2, y: 12 };
  await over.hover({ position });
  await page.locator(".readout", { hasText: "step 500" }).waitFor();
  await over.click({ position });
  // Nothing comes after the last one.
  assert.equal(await page.getByRole("menuitem", { name: "Rewind to Here…" }).count(), 0);
  await page.getByRole("menuitem", { name: "Fork from Here…" }).click();
  const [act] = await panel.sent("act");
  assert.deepEqual([act?.action, act?.sequence], ["fork", 5]);
});

test("a line that jumped where it was resumed is marked, and says so to the eye and to a screen reader", async () => {
  const parent = sampleExperiment({ name: "amber-heron", length: 30, rate: 0.05 });
  const lost = sampleExperiment({
    name: "dull-wren",
    length: 34,
    rate: 0.0001,
    from: { experiment: parent, sequence: 20 },
  });
  for (const theme of themeNames) {
    const panel = await open(sampleSnapshot([parent, lost]), { theme });
    const { page } = panel;
    await page.locator(".legend", { hasText: "△ jumped after a resume" }).waitFor();
    await until(async () => (await inkOf(page, 0)) > 500, limit, "a drawn chart");
    const slider = page.getByRole("slider", { name: /^loss/ });
    await slider.focus();
    await page.keyboard.press("Home");
    for (let step = 0; step < 20; step += 1) await page.keyboard.press("ArrowRight");
    const words = (await slider.getAttribute("aria-valuetext")) ?? "";
    assert.match(words, /^step 2,100: .*dull-wren [\d.]+, loss jumped by \d+ % after amber-heron@20/);
    await page.locator(".readout .seam:visible", { hasText: /loss jumped by \d+ %/ }).waitFor();
    await page.screenshot({ path: `${screenshots}seam-${theme}.png` });
    await panel.close();
  }
  opened = null;
});

test("a chart has the same values as a table", async () => {
  const { page } = await open();
  await page.getByRole("button", { name: "accuracy: show as a table", exact: true }).click();
  const table = page.getByRole("table");
  await table.waitFor();
  assert.equal(await table.locator("tbody tr").count(), 40);
  assert.equal(await table.locator("thead th").count(), 6);
});

test("smoothing, log scale and the axis redraw the charts; a drag zooms all of them", async () => {
  const { page } = await open();
  await until(async () => (await inkOf(page, 1)) > 2000, limit, "a drawn chart");
  const canvas = page.locator("metric-chart canvas").nth(1);
  const look = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
  let before = await look();
  const changed = async (what: string) => {
    await until(async () => (await look()) !== before, limit, what);
    before = await look();
  };
  await page.locator("input[type=range]").fill("0.9");
  await changed("a smoothed chart");
  await page.locator("vscode-checkbox[label='Log scale']").click();
  await changed("a logarithmic chart");
  const over = page.locator("metric-chart .u-over").first();
  await over.hover({ position: { x: 100, y: 60 } });
  await page.mouse.down();
  await over.hover({ position: { x: 200, y: 60 } });
  await page.mouse.up();
  await page.getByText("Reset Zoom").waitFor();
  await changed("a zoomed chart");
  await page.getByText("Reset Zoom").click();
  await changed("the whole chart");
  await page.locator("vscode-single-select").click();
  await page.getByRole("option", { name: "Training time" }).click();
  await changed("another axis");
});

test("the charts follow a change of the theme", async () => {
  const panel = await open();
  const { page } = panel;
  await until(async () => (await inkOf(page, 0)) > 2000, limit, "a drawn chart");
  const canvas = page.locator("metric-chart canvas").first();
  const look = () => canvas.evaluate((element) => (element as HTMLCanvasElement).toDataURL());
  const dark = await look();
  await panel.setTheme("light");
  await until(async () => (await look()) !== dark, limit, "a chart in the colours of the light theme");
});

test("references that are gone are named, and can be removed", async () => {
  const key = referenceKey({ root: sampleRoot, experiment: "gone", sequence: 3 });
  const missing = [{ key, label: "gone@3", reason: "it is no longer in the store" }];
  const panel = await open({ ...snapshot, missing });
  await panel.page.getByText("is not shown: it is no longer in the store.").waitFor();
  await panel.page.getByRole("button", { name: "Remove gone@3 from the comparison" }).click();
  assert.deepEqual((await panel.sent("dismiss"))[0]?.keys, [key]);
});

test("rows of several projects name theirs", async () => {
  const { page } = await open({ ...snapshot, severalProjects: true });
  await page.locator(".cell.name", { hasText: "digits" }).first().waitFor();
  await page.locator(".legend-item", { hasText: "digits" }).first().waitFor();
});

test("fifty runs with a hundred params: only what is in sight is in the page", async () => {
  const params = Object.fromEntries(Array.from({ length: 100 }, (_, key) => [`extra_${key}`, key]));
  const many = Array.from({ length: 50 }, (_, index) =>
    sampleExperiment({ name: `sweep-${index}`, length: 60, rate: 0.004 + index * 0.003, params }),
  );
  const { page } = await open(sampleSnapshot(many));
  await until(async () => (await inkOf(page, 0)) > 2000, limit, "a drawn chart");
  const grid = page.getByRole("grid");
  assert.equal(await grid.getAttribute("aria-rowcount"), "51");
  assert.ok(Number(await grid.getAttribute("aria-colcount")) > 100);
  const cells = await page.locator("[role=gridcell]").count();
  assert.ok(cells > 0 && cells < 1000, `${cells} cells`);
  await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.locator(".cell.name", { hasText: "sweep-49" }).waitFor();
  await page.screenshot({ path: `${screenshots}fifty.png` });
});

test("works at a zoom of 200 %: nothing is cut off at the sides", async () => {
  const { page } = await open(snapshot, { width: 1000, height: 800, zoom: 2 });
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0);
  await page.screenshot({ path: `${screenshots}zoom.png`, fullPage: true });
});

test("nothing spins for people who asked for less motion", async () => {
  const { page } = await open(snapshot, { reducedMotion: true });
  const animation = await page
    .locator(".status-running")
    .first()
    .evaluate((element) => getComputedStyle(element).animationName);
  assert.equal(animation, "none");
});
