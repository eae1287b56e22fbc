import { posix } from "node:path";
import { normalize } from "./build.ts";
import { type Data, isList, isMap } from "./data.ts";
import type { DataFile, PipelineProblem } from "./stage.ts";
import { readYaml } from "./yaml.ts";

export interface ParsedDataFile {
  readonly dataFiles: readonly DataFile[];
  readonly problems: readonly PipelineProblem[];
}

/** Reads a `.dvc` file (`dvc add`, `dvc import`): the data that it keeps track of. Never throws. */
export function parseDataFile(text: string, file: string, root: string): ParsedDataFile {
  const yaml = readYaml(text);
  const problem = (message: string, range = yaml.locate([])): PipelineProblem => ({
    file,
    message,
    severity: "error",
    range,
    stage: null,
  });
  if (yaml.problems.length > 0)
    return { dataFiles: [], problems: yaml.problems.map(({ message, range }) => problem(message, range)) };
  const data = yaml.data;
  const nameless = (item: Data) => !isMap(item) || typeof item.get("path") !== "string";
  const outputs = isMap(data) ? data.get("outs") : undefined;
  if (!isMap(data) || !isList(outputs)) {
    return {
      dataFiles: [],
      problems: [problem("This file names no data under 'outs'; make it again with 'dvc add'")],
    };
  }
  const problems = [...outputs.entries()]
    .filter(([, item]) => nameless(item))
    .map(([index]) =>
      problem(
        "This entry under 'outs' has no 'path'; make the file again with 'dvc add'",
        yaml.locate(["outs", index]),
      ),
    );
  const folder = posix.dirname(file) === "." ? "" : posix.dirname(file);
  const wdir = data.get("wdir");
  const directory = normalize(folder, typeof wdir === "string" ? wdir : ".", root);
  return { dataFiles: outputs.flatMap((item) => readOutput(item, file, directory, root)), problems };
}

function readOutput(item: Data, file: string, directory: string, root: string): readonly DataFile[] {
  if (!isMap(item)) return [];
  const path = item.get("path");
  const hash = item.get("md5");
  const size = item.get("size");
  if (typeof path !== "string") return [];
  return [
    {
      file,
      path: normalize(directory, path, root),
      hash: typeof hash === "string" ? hash : "",
      legacy: item.get("hash") === undefined,
      size: typeof size === "bigint" ? Number(size) : null,
    },
  ];
}
