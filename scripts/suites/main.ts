import { globSync } from "node:fs";
import { availableParallelism, devNull } from "node:os";
import { join } from "node:path";
import { installChromium } from "../setup/chromium.mjs";
import { installCodeServer } from "../setup/codeServer.mjs";
import { orExplain, root } from "../setup/prepare.mjs";
import { installR } from "../setup/r.mjs";
import { runAsTest } from "./commands.ts";
import { type NodeSuite, runNodeSuites } from "./nodeSuites.ts";
import { closingText, type Failure, failureText, summaryText, Tally } from "./tally.ts";

/** Suites of `node:test` files that share one pool: the slow ones first, so that the quick ones fill the gaps at the end. */
const poolSuites = ["dvc", "engine", "clients", "unit"];
/** Suites that start whole workbenches and have the machine to themselves. */
const browserSuites = ["editor", "e2e"];
const suiteNames = ["check", ...poolSuites, ...browserSuites];

/** Milliseconds for one test file: for one that hangs, and far from what a slow machine needs for one that does not. */
const usualLimit = 15 * 60_000;
/** Limits of suites that may have to wait for a download or for training. */
const limits: { readonly [suite: string]: number } = { dvc: 20 * 60_000, e2e: 15 * 60_000 };

function report(failure: Failure): void {
  console.error(failureText(failure));
}

function suiteOf(name: string): NodeSuite {
  const files = globSync(`test/${name}/**/*.test.ts`, { cwd: root }).sort();
  return { name, files: files.map((file) => join(root, file)), fileLimit: limits[name] ?? usualLimit };
}

/** Builds and checks side by side; neither needs the other. */
async function buildAndCheck(withCheck: boolean): Promise<readonly Tally[]> {
  const build = new Tally("build");
  const check = new Tally("check");
  const options = { root, onFailure: report };
  await Promise.all([
    runAsTest(build, ["npm", "run", "--silent", "build"], options),
    withCheck ? runAsTest(check, ["npm", "run", "--silent", "check"], options) : null,
  ]);
  return withCheck ? [build, check] : [build];
}

function summarise(tallies: readonly Tally[]): void {
  console.log();
  for (const { title, reason } of tallies.flatMap((tally) => tally.skipped)) {
    console.log(`- skipped: ${title.join(" › ")}${reason ? ` (${reason})` : ""}`);
  }
  for (const tally of tallies) console.log(summaryText(tally));
  console.log(closingText(tallies));
}

/**
 * Runs the suites with the given names, or all. Resolves to the exit code: 0 when every test passed and every suite
 * ran one, 1 otherwise, 2 for an unknown name.
 */
export async function runSuites(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !suiteNames.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(", ")}. The suites are: ${suiteNames.join(", ")}.`);
    return 2;
  }
  const selected = suiteNames.filter((name) => names.length === 0 || names.includes(name));
  // The tests must not depend on the Git settings of whoever runs them.
  Object.assign(process.env, { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1" });

  if (selected.some((name) => browserSuites.includes(name))) {
    await orExplain(async () => {
      await installChromium();
      await installCodeServer(root);
    });
  }
  if (selected.includes("clients")) await installR();
  const tallies = [...(await buildAndCheck(selected.includes("check")))];
  const pool = poolSuites.filter((name) => selected.includes(name)).map(suiteOf);
  const options = { root, onFailure: report };
  tallies.push(...(await runNodeSuites(pool, { ...options, concurrency: availableParallelism() })));
  if (selected.includes("editor")) {
    const { runEditorSuite } = await import("./editorSuite.ts");
    tallies.push(await runEditorSuite(report));
  }
  if (selected.includes("e2e")) {
    tallies.push(...(await runNodeSuites([suiteOf("e2e")], { ...options, concurrency: 1 })));
  }
  summarise(tallies);
  return tallies.some((tally) => tally.isBad) ? 1 : 0;
}
