/**
 * `npm start`: opens VS Code with the extension on a fresh copy of examples/digits, and ends it with Ctrl-C.
 *
 *   npm start              a VS Code of this machine, else a downloaded one, else the VS Code server in a browser
 *   npm start -- --server  the VS Code server in a browser, in any case
 *   npm start -- FOLDER    opens another folder
 *
 * Starts under Node 20 without any package; the rest is loaded once Node 24 is there.
 */
import { orExplain, prepareTools } from "./setup/prepare.mjs";

await prepareTools();
const { start } = await import("./start/main.ts");
process.exitCode = await orExplain(() => start(process.argv.slice(2)));
