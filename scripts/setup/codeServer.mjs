/**
 * A complete VS Code server with a real Node extension host, for machines without a desktop VS Code. The npm package
 * code-server carries it; its native parts are compiled here, once for each user.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { npmCommand, runVisibly } from "./command.mjs";
import { installDebianPackages, isInstalled } from "./debian.mjs";
import { nodeBinary } from "./npmPackages.mjs";
import { SetupError, say } from "./say.mjs";

const version = "4.139.1";
/** What its native modules are compiled with and against. */
const buildPackages = ["build-essential", "python3", "pkg-config", "libkrb5-dev"];

/** The folder for what is costly to make and the same for every checkout. */
export function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "savepoint-dev");
}

function installFolder() {
  return join(cacheFolder(), `code-server-${version}`);
}

/** The server's program, to be run with Node 24. */
export function serverEntry() {
  return join(installFolder(), "node_modules/code-server/lib/vscode/out/server-main.js");
}

/** Where the headers of the project's Node are, so that compiling asks no network for them. */
function nodeHeaders(root) {
  const platformPackage = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const places = [
    join(root, "node_modules/node/node_modules", platformPackage),
    join(root, "node_modules", platformPackage),
  ];
  return places.find((place) => existsSync(join(place, "include/node/node.h"))) ?? null;
}

/** Removes what builds that were broken off have left. */
async function removeRemains() {
  const names = await readdir(cacheFolder()).catch(() => []);
  for (const name of names) {
    const builder = Number(/^code-server-.*\.partial-(\d+)$/.exec(name)?.[1]);
    if (builder && !isAlive(builder)) await rm(join(cacheFolder(), name), { recursive: true, force: true });
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** An environment in which npm takes itself for the first one: what an outer npm says of its Node would mislead it. */
function withoutOuterNpm(environment) {
  const misleading =
    /^npm_(lifecycle_|package_|command$|execpath$|node_execpath$|config_(user_agent|local_prefix)$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !misleading.test(name)));
}

/** Builds the VS Code server into the cache folder, unless it is there. Takes some minutes and 800 MB. */
export async function installCodeServer(root) {
  if (existsSync(serverEntry())) return;
  const missing = process.platform === "linux" ? buildPackages.filter((name) => !isInstalled(name)) : [];
  if (missing.length > 0) await installDebianPackages(missing, "what the VS Code server is compiled with");

  await removeRemains();
  // Built aside and moved into place at the end: a build that was broken off is never mistaken for a whole one.
  const partial = `${installFolder()}.partial-${process.pid}`;
  say(
    `Building the VS Code server (code-server ${version}) into ${installFolder()}; this takes some minutes …`,
  );
  await mkdir(partial, { recursive: true });
  try {
    const manifest = { private: true, allowScripts: { "code-server": true, argon2: true } };
    await writeFile(join(partial, "package.json"), JSON.stringify(manifest));
    const headers = nodeHeaders(root);
    const environment = {
      ...withoutOuterNpm(process.env),
      PATH: [dirname(nodeBinary(root)), process.env.PATH].join(delimiter),
      ...(headers ? { npm_config_nodedir: headers } : {}),
    };
    const [command, args, options] = npmCommand([
      "install",
      `code-server@${version}`,
      "--save-exact",
      "--ignore-scripts=false",
      "--no-audit",
      "--no-fund",
    ]);
    const code = await runVisibly(command, args, { ...options, cwd: partial, env: environment });
    if (code !== 0) {
      throw new SetupError(
        `Building the VS Code server failed (npm ended with code ${code}). The lines above say why; it needs a compiler, Python 3, the headers of Kerberos, and an npm registry.`,
      );
    }
    await rename(partial, installFolder());
  } catch (error) {
    // Another process may have finished the same build first.
    if (!existsSync(serverEntry())) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
