import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../poll.ts";
import { bundleForHost, checkout } from "../bundle.ts";
import type { BridgeAddress, BridgeAnswer, BridgeCall } from "./protocol.ts";

type Vscode = typeof import("vscode");

const startLimit = 120_000;
const callLimit = 120_000;

const folder = join(checkout, "dist/test/bridge");

const manifest = {
  name: "savepoint-test-bridge",
  publisher: "savepoint",
  version: "0.0.1",
  engines: { vscode: "^1.101.0" },
  main: "./extension.js",
  activationEvents: ["*"],
  extensionKind: ["workspace"],
  capabilities: { untrustedWorkspaces: { supported: true } },
};

/** Builds the extension that is the bridge's other end, and returns its folder. */
export async function buildBridge(): Promise<string> {
  await mkdir(folder, { recursive: true });
  await bundleForHost([join(import.meta.dirname, "extension.ts")], folder);
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  return folder;
}

/** Calls functions inside the extension host of one window. */
export class Bridge {
  /** The folder in which extension hosts announce themselves. */
  readonly #meetingPlace: string;
  #address: BridgeAddress | null = null;

  constructor(meetingPlace: string) {
    this.#meetingPlace = meetingPlace;
  }

  /**
   * Connects to the extension host that announces itself next; after opening or reloading a window, that is its own.
   * Windows are therefore opened one after another.
   */
  async connect(): Promise<void> {
    this.#address = await until(
      () => this.#takeAnnouncement(),
      startLimit,
      "the extension host to open its bridge",
    );
  }

  /**
   * Calls a function inside the extension host, with the real `vscode` module, and returns what it gives. The function
   * travels as text: it sees nothing of the test but `argument`. Argument and result must be plain data.
   */
  async evaluate<Value, Argument = undefined>(
    work: (vscode: Vscode, argument: Argument) => Value | PromiseLike<Value>,
    argument?: Argument,
  ): Promise<Value> {
    if (!this.#address) throw new Error("The bridge is not connected yet.");
    const call: BridgeCall = { source: work.toString(), argument };
    const response = await fetch(`http://127.0.0.1:${this.#address.port}/`, {
      method: "POST",
      headers: { authorization: this.#address.secret },
      body: JSON.stringify(call),
      signal: AbortSignal.timeout(callLimit),
    });
    const answer = (await response.json()) as BridgeAnswer;
    if (!answer.ok) throw new Error(`In the extension host: ${answer.error}`);
    return answer.value as Value;
  }

  async #takeAnnouncement(): Promise<BridgeAddress | null> {
    const name = (await readdir(this.#meetingPlace)).find((file) => file.endsWith(".json"));
    if (name === undefined) return null;
    const file = join(this.#meetingPlace, name);
    const address = JSON.parse(await readFile(file, "utf8")) as BridgeAddress;
    await rm(file);
    return address;
  }
}
