import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { until } from "../support/poll.ts";
import { launchBrowser } from "../support/vscode/browser.ts";
import { checkout } from "../support/vscode/bundle.ts";

const limit = 120_000;

test("npm start serves the example, and Ctrl-C ends everything", async (t) => {
  const script = join(checkout, "scripts/start.mjs");
  // A process group of its own, so that Ctrl-C reaches all of it as from a terminal.
  const child = spawn(process.execPath, [script, "--server"], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
    env: { ...process.env, DISPLAY: "", WAYLAND_DISPLAY: "" },
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const interrupt = () => child.exitCode === null && child.pid && process.kill(-child.pid, "SIGINT");
  t.after(async () => {
    interrupt();
    await ended;
    const copy = /fresh copy of examples\/digits: (.+)/.exec(output)?.[1];
    if (copy) await rm(dirname(copy), { recursive: true, force: true });
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString("utf8");
  });
  const address = await until(() => /http:\/\/\S+/.exec(output)?.[0], limit, "npm start to print an address");

  const browser = await launchBrowser();
  t.after(() => browser.close());
  const page = await browser.newPage();
  await page.goto(address);
  await page.locator('.part.activitybar .action-label[aria-label^="Savepoint"]').click();
  await page
    .locator(".part.sidebar [role=treeitem]", { hasText: "train" })
    .first()
    .waitFor({ timeout: limit });

  interrupt();
  assert.equal(await ended, 0);
  await assert.rejects(fetch(address), "the server still answers");
});
