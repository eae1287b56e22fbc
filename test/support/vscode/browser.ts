import { type Browser, chromium } from "playwright-core";
import { findChromium } from "../../../scripts/setup/chromium.mjs";

/** Starts a headless Chromium. `SAVEPOINT_HEADED=1` shows it. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath)
    throw new Error("There is no Chromium on this machine; run `npm test -- e2e`, which installs it.");
  return chromium.launch({
    executablePath,
    headless: process.env.SAVEPOINT_HEADED !== "1",
    // The sandbox needs kernel features that containers lack, and root may not use it. Only our own pages are opened.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
}
