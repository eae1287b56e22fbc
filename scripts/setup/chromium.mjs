import { existsSync } from "node:fs";
import { findProgram } from "./command.mjs";
import { installDebianPackages } from "./debian.mjs";

const programs = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "chrome",
  "msedge",
];
const places = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

/** The browser for tests: the one that `SAVEPOINT_CHROMIUM` names, else one that is on the machine; or null. */
export function findChromium() {
  if (process.env.SAVEPOINT_CHROMIUM) return process.env.SAVEPOINT_CHROMIUM;
  for (const name of programs) {
    const found = findProgram(name);
    if (found) return found;
  }
  return places.find((place) => existsSync(place)) ?? null;
}

/** The path of a Chromium, installed if need be. */
export async function installChromium() {
  const found = findChromium();
  if (found) return found;
  await installDebianPackages(["chromium", "fonts-dejavu-core"], "the browser Chromium");
  return findChromium() ?? "/usr/bin/chromium";
}
