import * as l10n from "@vscode/l10n";
import type { Environment } from "../model.ts";

/** Packages that are kept at most: more is no environment of one project, and would bloat the checkpoint. */
const mostPackages = 1_000;
/** Longest name or version that is taken. */
const longestText = 100;

/** Reads an environment that was recorded, by whatever version; `null` when nothing in it can be understood. */
export function parseEnvironment(value: unknown): Environment | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const { python, packages, node } = value as { readonly [key: string]: unknown };
  const environment = {
    python: versionOf(python),
    packages: parsePackages(packages),
    node: versionOf(node),
  };
  return environment.python === null && environment.node === null ? null : environment;
}

/** The environment without what says nothing, for JSON. */
export function compactEnvironment({ python, packages, node }: Environment): {
  readonly [key: string]: unknown;
} {
  return {
    ...(python === null ? {} : { python }),
    ...(packages === null ? {} : { packages }),
    ...(node === null ? {} : { node }),
  };
}

/** The environment as lines of text, as `pip freeze` has them: what can be compared line by line. */
export function environmentText({ python, packages, node }: Environment): string {
  const programs = [python === null ? [] : [`Python ${python}`], node === null ? [] : [`Node ${node}`]];
  const lines = Object.entries(packages ?? {}).map(([name, version]) => `${name}==${version}`);
  return [...programs.flat(), ...lines].map((line) => `${line}\n`).join("");
}

/** `Python 3.11.2, 34 packages`, `Node 22.1.0` */
export function environmentSummary({ python, packages, node }: Environment): string {
  const count = Object.keys(packages ?? {}).length;
  const parts = [
    python === null ? [] : [`Python ${python}`],
    count === 0 ? [] : [count === 1 ? l10n.t("1 package") : l10n.t("{0} packages", count)],
    node === null ? [] : [`Node ${node}`],
  ];
  return parts.flat().join(", ");
}

/** A package's name as PEP 503 compares names: `Typing_Extensions` is `typing-extensions`. */
function packageName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function parsePackages(value: unknown): { readonly [name: string]: string } | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).flatMap(([name, version]): [string, string][] => {
    const [known, text] = [versionOf(name), versionOf(version)];
    return known === null || text === null ? [] : [[packageName(known), text]];
  });
  if (entries.length > mostPackages) return null;
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function versionOf(value: unknown): string | null {
  const isVersion = typeof value === "string" && value !== "" && value.length <= longestText;
  return isVersion && !/[\p{C}\p{Zl}\p{Zp}]/u.test(value) ? value : null;
}
