import * as l10n from "@vscode/l10n";
import * as vscode from "vscode";
import { formatSize } from "../../engine/compare/present.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Checkpoint } from "../../engine/model.ts";
import type { CheckpointFiles } from "../../engine/store/checkpointFiles.ts";
import { resolveReference } from "../../engine/store/references.ts";
import { DisposableStore } from "../base/disposableStore.ts";
import { checkpointReference } from "../labels/checkpointLabels.ts";
import type { Projects } from "../projects.ts";
import { checkpointScheme, formatAddress, parseAddress } from "./checkpointAddress.ts";

/** Checkpoints whose folders stay read; each is small, as it holds names and no contents. */
const keptCheckpoints = 16;

/**
 * The URI of a file or folder of a checkpoint. `path` is project-relative; `""` is the project's root. `below` is for
 * a diff with the workspace: see {@link formatAddress}.
 */
export function checkpointUri(
  root: string,
  checkpoint: Checkpoint,
  path: string,
  below: string | null = null,
): vscode.Uri {
  const reference = checkpointReference(checkpoint);
  const parts = formatAddress({ root, sha: checkpoint.sha, reference, path, below });
  return vscode.Uri.from({ scheme: checkpointScheme, ...parts });
}

/** Checkpoints as folders that can be read and not be changed: for open, peek, diff and everything that reads files. */
export class CheckpointFileSystem implements vscode.FileSystemProvider, vscode.Disposable {
  readonly #projects: Projects;
  readonly #owned = new DisposableStore();
  readonly #changed = this.#owned.add(new vscode.EventEmitter<vscode.FileChangeEvent[]>());
  /** What a commit has never changes, so this event never fires. */
  readonly onDidChangeFile = this.#changed.event;
  readonly #files = new Map<string, Promise<CheckpointFiles | null>>();

  constructor(projects: Projects) {
    this.#projects = projects;
    const message = l10n.t("A checkpoint is what was recorded: it can be read, not changed.");
    this.#owned.addAll(
      vscode.workspace.registerFileSystemProvider(checkpointScheme, this, {
        isCaseSensitive: true,
        isReadonly: new vscode.MarkdownString(message),
      }),
      // A project that was closed takes what it had read with it.
      projects.onDidChange(() => this.#files.clear()),
    );
  }

  watch(): vscode.Disposable {
    return { dispose() {} };
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { files, path } = await this.#locate(uri);
    const entry = await files.entry(path);
    if (entry === null) throw vscode.FileSystemError.FileNotFound(uri);
    const type = entry.kind === "folder" ? vscode.FileType.Directory : vscode.FileType.File;
    const size = entry.kind === "file" ? (entry.size ?? 0) : 0;
    return { type, size, ctime: 0, mtime: 0, permissions: vscode.FilePermission.Readonly };
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const { files, path } = await this.#locate(uri);
    const names = await files.list(path);
    if (names === null) throw vscode.FileSystemError.FileNotFound(uri);
    return names.map(({ name, kind }) => [
      name,
      kind === "folder" ? vscode.FileType.Directory : vscode.FileType.File,
    ]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { files, path } = await this.#locate(uri);
    const bytes = await files.read(path);
    if (bytes !== null) return bytes;
    const entry = await files.entry(path);
    if (entry === null) throw vscode.FileSystemError.FileNotFound(uri);
    if (entry.kind === "folder") throw vscode.FileSystemError.FileIsADirectory(uri);
    if (entry.size !== null) {
      throw vscode.FileSystemError.Unavailable(
        l10n.t(
          "{0} ({1}) is too large to be opened here. Export the checkpoint to read it.",
          path,
          formatSize(entry.size),
        ),
      );
    }
    throw vscode.FileSystemError.Unavailable(
      l10n.t("The bytes of {0} are not in this machine's cache. Copy the cache here to read it.", path),
    );
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  dispose(): void {
    this.#owned.dispose();
    this.#files.clear();
  }

  async #locate(uri: vscode.Uri): Promise<{ readonly files: CheckpointFiles; readonly path: string }> {
    const address = parseAddress(uri);
    if (address === null) throw vscode.FileSystemError.FileNotFound(uri);
    await this.#projects.whenLoaded();
    const { root, sha, reference, path } = address;
    const named = root === null ? null : this.#projects.byRoot(root);
    for (const engine of root === null ? this.#projects.all : named === null ? [] : [named]) {
      const commit = sha ?? commitOf(engine, reference);
      const files = commit === null ? null : await this.#filesOf(engine, commit);
      if (files !== null) return { files, path };
    }
    throw vscode.FileSystemError.FileNotFound(uri);
  }

  /** Remembers the checkpoints that were read last. */
  #filesOf(engine: Engine, sha: string): Promise<CheckpointFiles | null> {
    const key = `${sha} ${engine.project.root}`;
    const files = this.#files.get(key) ?? engine.experiments.filesOf(sha);
    this.#files.delete(key);
    this.#files.set(key, files);
    const [oldest] = this.#files.keys();
    if (this.#files.size > keptCheckpoints && oldest !== undefined) this.#files.delete(oldest);
    const forget = () => this.#files.get(key) === files && this.#files.delete(key);
    files.then((found) => found === null && forget(), forget);
    return files;
  }
}

function commitOf(engine: Engine, reference: string): string | null {
  const found = resolveReference(engine.experiments.experiments, reference);
  return found.ok ? found.value.checkpoint.sha : null;
}
