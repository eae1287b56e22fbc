/**
 * An extension of its own that lets a test outside the extension host call the real `vscode` module inside it: it
 * serves one address on this machine, and announces port and secret in a file of its own in the folder that
 * SAVEPOINT_BRIDGE_FOLDER names. Every window does so, and again after a reload.
 */
import { randomUUID } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import * as vscode from "vscode";
import type { BridgeAddress, BridgeAnswer, BridgeCall } from "./protocol.ts";

const secret = randomUUID();

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function evaluate(call: BridgeCall): Promise<BridgeAnswer> {
  try {
    const evaluated = new Function("vscode", "argument", `return (${call.source})(vscode, argument);`);
    const value: unknown = await evaluated(vscode, call.argument);
    return { ok: true, value: value ?? null };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.headers.authorization !== secret) {
    response.writeHead(403).end();
    return;
  }
  const result = await evaluate(JSON.parse(await bodyOf(request)) as BridgeCall);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result));
}

export function activate(context: vscode.ExtensionContext): void {
  const folder = process.env.SAVEPOINT_BRIDGE_FOLDER;
  if (!folder) throw new Error("SAVEPOINT_BRIDGE_FOLDER is not set.");
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("The bridge has no port.");
    const content: BridgeAddress = { port: address.port, secret };
    const file = join(folder, `${process.pid}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(content));
    renameSync(`${file}.new`, file);
  });
  context.subscriptions.push({ dispose: () => server.close() });
}
