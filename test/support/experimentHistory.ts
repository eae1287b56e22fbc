import { spawn } from "node:child_process";
import type { Project } from "../../src/engine/project.ts";
import { type CheckpointMessage, formatMessage } from "../../src/engine/store/message.ts";
import { gitEnvironment } from "../../src/engine/system/git.ts";
import type { Files } from "./temporaryProject.ts";

/** A commit to write: on top of the one before it in its line. */
export interface WrittenCommit {
  readonly message: string;
  /** Seconds since the epoch. */
  readonly time: number;
  /** Changed files; `null` takes one away. */
  readonly files?: Files | { readonly [path: string]: string | Uint8Array | null };
}

/** A ref with commits that begin at `from`: a commit id, or `null` for a line without a root in the project. */
export interface WrittenLine {
  readonly ref: string;
  readonly from: string | null;
  readonly commits: readonly WrittenCommit[];
}

/** Writes lines of commits in one go with `git fast-import`, whatever their number. */
export async function writeLines(root: string, lines: Iterable<WrittenLine>): Promise<void> {
  const child = spawn("git", ["fast-import", "--quiet", "--force", "--done"], {
    cwd: root,
    env: gitEnvironment(),
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  child.stdin.on("error", () => {});
  for (const line of lines) {
    for (const part of lineStream(line)) {
      if (!child.stdin.write(part))
        await Promise.race([new Promise((go) => child.stdin.once("drain", go)), ended]);
    }
  }
  child.stdin.end("done\n");
  const code = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}

function* lineStream(line: WrittenLine): Iterable<Buffer | string> {
  yield `reset ${line.ref}\n${line.from === null ? "" : `from ${line.from}\n`}\n`;
  for (const commit of line.commits) {
    yield `commit ${line.ref}\ncommitter Ada Tester <ada@example.org> ${commit.time} +0000\n`;
    yield* data(Buffer.from(commit.message));
    for (const [path, content] of Object.entries(commit.files ?? {})) {
      const quoted = `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
      if (content === null) yield `D ${quoted}\n`;
      else {
        yield `M 100644 inline ${quoted}\n`;
        yield* data(Buffer.from(content));
      }
    }
    yield "\n";
  }
}

function* data(content: Buffer): Iterable<Buffer | string> {
  yield `data ${content.length}\n`;
  yield content;
  yield "\n";
}

/** The message of a checkpoint as Savepoint writes it, from the parts that a test cares about. */
export function checkpointMessage(
  parts: Partial<CheckpointMessage> & { experiment: string; sequence: number },
) {
  return formatMessage({
    kind: "signal",
    run: `run-${parts.experiment}`,
    stage: "train",
    step: parts.sequence * 10,
    total: null,
    name: null,
    createdAt: null,
    resumedFrom: null,
    metadata: {},
    warning: null,
    values: { metrics: {}, params: {}, outs: [] },
    ...parts,
  });
}

/** The {@link Project} of a test repository whose root is its top. */
export function projectAt(root: string, objectFormat: Project["objectFormat"] = "sha1"): Project {
  const gitDirectory = `${root}/.git`;
  return { root, workTree: root, gitDirectory, commonDirectory: gitDirectory, prefix: "", objectFormat };
}
