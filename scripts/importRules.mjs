/**
 * The directions that imports may take (docs: "Parts and directions"), as plain functions on plain data, so that a
 * test can show that each rule bites.
 */
import { posix } from "node:path";

/** Longest file that is still one idea. */
export const lineLimit = 400;

/**
 * A part of the sources, with what it may import: its own files always, and files whose path begins with an entry of
 * `from`. `packages` lists npm packages, `node` says whether Node's own modules are there at run time.
 */
const parts = [
  {
    name: "engine",
    path: "src/engine/",
    // The files that the two exchange, and how both name and end processes.
    from: ["src/runner/files.ts", "src/runner/process.ts", "src/runner/tree.ts"],
    packages: ["@vscode/l10n", "chokidar", "simple-git", "yaml", "smol-toml"],
    node: true,
  },
  { name: "cli", path: "src/cli/", from: ["src/engine/"], packages: ["@vscode/l10n"], node: true },
  { name: "runner", path: "src/runner/", from: [], packages: [], node: true },
  {
    name: "webview",
    path: "src/webview/",
    from: ["src/engine/model.ts", "src/engine/result.ts", "src/engine/compare/"],
    packages: [
      "@vscode/l10n",
      "lit",
      "uplot",
      "@vscode-elements/elements",
      "@tanstack/table-core",
      "@tanstack/virtual-core",
    ],
    node: false,
  },
  {
    name: "editor",
    path: "src/editor/",
    from: ["src/engine/", "src/contract.ts", "src/webview/protocol.ts"],
    packages: ["vscode", "@vscode/l10n", "yaml"],
    node: true,
  },
  { name: "contract", path: "src/contract.ts", from: ["src/engine/"], packages: ["vscode"], node: false },
  {
    name: "extension",
    path: "src/extension.ts",
    from: ["src/engine/", "src/editor/", "src/contract.ts"],
    packages: ["vscode", "@vscode/l10n"],
    node: true,
  },
];

/** An import statement, or an export that passes on another module, at the start of a line as Biome formats it. */
const statement =
  /^(?:import\s+(?:(?:type\s+)?(?:[\w$]+\s*,?\s*)?(?:\*\s+as\s+[\w$]+|\{[^}]*\})?\s*from\s*)?|export\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*)["']([^"'\n]+)["']/gm;
/** `import("…")`, both as an expression and as a type. */
const call = /\bimport\(\s*["']([^"'\n]+)["']/g;

/** The specifiers that a module imports, types included, each with its line (counted from 1). */
export function importsOf(text) {
  return [...text.matchAll(statement), ...text.matchAll(call)].map((match) => ({
    specifier: match[1],
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/** Why `file` may not import `specifier`, or null. Both paths are relative to the checkout, with forward slashes. */
export function objection(file, specifier) {
  const part = parts.find((candidate) => file.startsWith(candidate.path));
  if (!part) return `belongs to no part of DESIGN's plan`;
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(file), specifier);
    const allowed = [part.path, ...part.from].some((path) => target.startsWith(path));
    return allowed ? null : `${part.name} must not import ${target}`;
  }
  if (specifier.startsWith("node:")) {
    return part.node
      ? null
      : `${part.name} has no Node modules at run time, so it must not import ${specifier}`;
  }
  const known = part.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return known ? null : `${part.name} must not import the package ${specifier}`;
}

/**
 * The first cycle of each group of files that import one another, as the paths along it.
 * `graph` maps each file to the files that it imports.
 */
export function cyclesIn(graph) {
  const cycles = [];
  const done = new Set();
  const trail = [];
  function visit(file) {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  }
  for (const file of graph.keys()) visit(file);
  return cycles;
}
