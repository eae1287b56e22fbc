/**
 * `npm run package`: builds the extension for release and packs it into savepoint-<version>.vsix.
 * `npm run package -- FILE` names another file.
 */
import { prepareTools, root } from "./setup/prepare.mjs";

await prepareTools();
const { packageExtension } = await import("./package/packageExtension.ts");
const { file, sizes } = await packageExtension(root, process.argv[2]);
console.log(`${sizes}\n\n${file}`);
