/** Checks the sources against the import directions, for cycles and for files that are too long. */
import { globSync, readFileSync } from "node:fs";
import { dirname, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { cyclesIn, importsOf, lineLimit, objection } from "./importRules.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const problems = [];

/** The files that match a pattern, as paths relative to the checkout with forward slashes. */
function filesAt(pattern) {
  return globSync(pattern, { cwd: root }).map((file) => file.split(sep).join("/"));
}

function read(file) {
  return readFileSync(posix.join(root, file), "utf8");
}

const graph = new Map();
for (const file of filesAt("src/**/*.ts")) {
  const imports = importsOf(read(file));
  for (const { specifier, line } of imports) {
    const problem = objection(file, specifier);
    if (problem) problems.push(`${file}:${line}: ${problem}`);
  }
  const local = imports.filter(({ specifier }) => specifier.startsWith("."));
  graph.set(
    file,
    local.map(({ specifier }) => posix.join(posix.dirname(file), specifier)),
  );
}
for (const cycle of cyclesIn(graph))
  problems.push(`${cycle[0]}: imports itself through ${cycle.slice(1).join(" → ")}`);

for (const file of ["src/**/*.ts", "test/**/*.ts", "scripts/**/*.{mjs,ts}"].flatMap(filesAt)) {
  const lines = read(file).split("\n").length;
  if (lines > lineLimit) problems.push(`${file}: ${lines} lines, more than ${lineLimit}; split it by idea`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} import or size problem${problems.length === 1 ? "" : "s"}.`);
  process.exitCode = 1;
}
