import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cp, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { initProject } from "../../../src/engine/initProject.ts";
import { linkStatOf } from "../../../src/engine/store/statOf.ts";
import { type TemporaryProject, temporaryProject } from "../temporaryProject.ts";
import type { Action } from "./actions.ts";

const files = {
  "dvc.yaml": [
    "stages:",
    "  train:",
    "    cmd: python3 train.py",
    "    deps: [train.py]",
    "    outs:",
    "    - model.bin: {persist: true}",
    "    - weights: {persist: true}",
    "    - out/state.bin: {persist: true}",
    "    metrics:",
    "    - metrics.json: {cache: false}",
    "",
  ].join("\n"),
  "train.py": "first",
  "lib/a.txt": "first a\n",
  "notes.ipynb": "in: first\n",
  "fixed.txt": "never changes\n",
  ".gitignore": "/model.bin\n/weights\n/out/state.bin\n*.env\n*.o\n/build\n",
  ".gitattributes": "*.txt text\n*.ipynb filter=strip\n",
};

/** A repository from which {@link copyOf} makes others: that is quicker than to begin each from nothing. */
export async function template(): Promise<TemporaryProject> {
  const project = await temporaryProject(files);
  await project.git("config", "filter.strip.clean", "sed /^out:/d");
  await initProject(project.root);
  await project.commit("Start");
  await project.git("branch", "side");
  return project;
}

/** A copy of a repository, in a folder of its own. */
export async function copyOf(original: TemporaryProject): Promise<TemporaryProject> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "savepoint-restoring-")));
  await cp(original.root, root, { recursive: true });
  const inside = (...segments: string[]) => join(root, ...segments);
  return {
    ...original,
    root,
    path: inside,
    git: (...args) => original.git("-C", root, ...args),
    dispose: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** Another work tree of a repository, with the same cache, as DVC's users set it up. */
export async function linkedWorkTree(original: TemporaryProject): Promise<TemporaryProject> {
  const root = `${original.root}-linked`;
  await original.git("worktree", "add", "--quiet", "--detach", root);
  writeFileSync(join(root, ".dvc/config.local"), `[cache]\n    dir = ${original.path(".dvc/cache")}\n`);
  return {
    ...original,
    root,
    path: (...segments: string[]) => join(root, ...segments),
    git: (...args) => original.git("-C", root, ...args),
    dispose: () => rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/**
 * What a person or a training does, as far as Git lets them: what it refuses is left as it is. `number` makes what is
 * written unlike all else.
 */
export async function act(project: TemporaryProject, action: Action, number: number): Promise<void> {
  const git = (...args: string[]) => project.git(...args).catch(() => "");
  const branchAt = async (index: number) => {
    const names = (await git("branch", "--format=%(refname:short)"))
      .split("\n")
      .filter((name) => !name.startsWith("("));
    return names[index % names.length] ?? "main";
  };
  switch (action.kind) {
    case "write":
      return write(project, action.path, action.form, number);
    case "remove":
      return rmSync(project.path(action.path), { recursive: true, force: true });
    case "empty-folder":
      return makeFolder(project.path(action.path));
    case "stage":
      await git("add", "--", action.path);
      return;
    case "commit":
      await git("add", "--all");
      await git("commit", "--quiet", "--message", `Work ${number}`);
      return;
    case "amend":
      await git("commit", "--quiet", "--all", "--amend", "--message", `Amended ${number}`);
      return;
    case "branch":
      await git("switch", "--quiet", "--create", `branch-${number}`);
      return;
    case "switch":
      await git("switch", "--quiet", await branchAt(action.branch));
      return;
    case "delete-branch":
      await git("branch", "--quiet", "-D", await branchAt(action.branch));
      return;
    case "rebase":
    case "merge":
      await git(action.kind, await branchAt(action.branch));
      return;
    case "pick":
      await git("cherry-pick", await branchAt(action.branch));
      return;
    case "abandon":
      for (const operation of ["rebase", "merge", "cherry-pick"]) await git(operation, "--abort");
      return;
    case "stash":
      await git("stash", "push", "--quiet", "--include-untracked");
      return;
    case "unstash":
      await git("stash", "pop", "--quiet");
      return;
    case "collect":
      if (action.expires) await git("reflog", "expire", "--expire=now", "--all");
      await git("gc", "--quiet", "--prune=now");
      return;
    case "train":
      write(project, "model.bin", "plain", number);
      write(project, "weights/first.bin", "plain", number);
      write(project, "metrics.json", "plain", number);
      return;
    default:
      throw new Error(`${action.kind} is not what a user does`);
  }
}

function write(
  project: TemporaryProject,
  path: string,
  form: "plain" | "executable" | "link",
  number: number,
) {
  const absolute = project.path(path);
  makeFolder(dirname(absolute));
  rmSync(absolute, { recursive: true, force: true });
  if (form === "link") {
    symlinkSync(number % 2 === 0 ? project.path("fixed.txt") : `nowhere-${number}`, absolute);
    return;
  }
  const mixed = path.endsWith(".txt") ? `one ${number}\r\ntwo\n` : "";
  const text = path.endsWith(".ipynb") ? `in: ${number}\nout: ${number}\n` : `${path} ${number}`;
  writeFileSync(absolute, mixed || text);
  chmodSync(absolute, form === "executable" ? 0o755 : 0o644);
}

/** Makes a folder; files and links in its way go. */
function makeFolder(path: string): void {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    const stat = linkStatOf(folder);
    if (stat?.isDirectory()) break;
    if (stat !== undefined) rmSync(folder);
  }
  mkdirSync(path, { recursive: true });
}
