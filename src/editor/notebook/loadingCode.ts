/** How Python reads files of one kind. `PATH` stands for the path, quoted. */
interface Loader {
  readonly suffixes: readonly string[];
  readonly imports: string;
  readonly variable: string;
  readonly expression: string;
}

const loaders: readonly Loader[] = [
  {
    suffixes: [".json"],
    imports: "import json",
    variable: "data",
    expression: 'json.load(open(PATH, encoding="utf-8"))',
  },
  {
    suffixes: [".jsonl", ".ndjson"],
    imports: "import pandas",
    variable: "table",
    expression: "pandas.read_json(PATH, lines=True)",
  },
  {
    suffixes: [".yaml", ".yml"],
    imports: "import yaml",
    variable: "data",
    expression: 'yaml.safe_load(open(PATH, encoding="utf-8"))',
  },
  {
    suffixes: [".pkl", ".pickle"],
    imports: "import pickle",
    variable: "state",
    expression: 'pickle.load(open(PATH, "rb"))',
  },
  {
    suffixes: [".joblib"],
    imports: "import joblib",
    variable: "state",
    expression: "joblib.load(PATH)",
  },
  {
    suffixes: [".pt", ".pth"],
    imports: "import torch",
    variable: "state",
    expression: 'torch.load(PATH, map_location="cpu")',
  },
  // Lightning keeps more than tensors in its checkpoints.
  {
    suffixes: [".ckpt"],
    imports: "import torch",
    variable: "state",
    expression: 'torch.load(PATH, map_location="cpu", weights_only=False)',
  },
  {
    suffixes: [".safetensors"],
    imports: "from safetensors.torch import load_file",
    variable: "tensors",
    expression: "load_file(PATH)",
  },
  {
    suffixes: [".npz", ".npy"],
    imports: "import numpy",
    variable: "arrays",
    expression: "numpy.load(PATH)",
  },
  {
    suffixes: [".keras", ".h5"],
    imports: "import keras",
    variable: "model",
    expression: "keras.models.load_model(PATH)",
  },
  { suffixes: [".onnx"], imports: "import onnx", variable: "model", expression: "onnx.load(PATH)" },
  {
    suffixes: [".csv", ".csv.gz"],
    imports: "import pandas",
    variable: "table",
    expression: "pandas.read_csv(PATH)",
  },
  {
    suffixes: [".tsv"],
    imports: "import pandas",
    variable: "table",
    expression: 'pandas.read_csv(PATH, sep="\\t")',
  },
  {
    suffixes: [".parquet"],
    imports: "import pandas",
    variable: "table",
    expression: "pandas.read_parquet(PATH)",
  },
  {
    suffixes: [".txt", ".log", ".md"],
    imports: "from pathlib import Path",
    variable: "text",
    expression: 'Path(PATH).read_text(encoding="utf-8")',
  },
];

const folderLoader: Loader = {
  suffixes: [],
  imports: "from pathlib import Path",
  variable: "folder",
  expression: "Path(PATH)",
};
const bytesLoader: Loader = {
  suffixes: [],
  imports: "from pathlib import Path",
  variable: "content",
  expression: "Path(PATH).read_bytes()",
};

/**
 * Two lines of Python that load a file, chosen by its suffix; what is not known is read as bytes. A folder is left to
 * the code that knows what is in it. The comment says what it is of, as the path does not.
 */
export function loadingCode(path: string, isFolder: boolean, comment: string): string {
  const name = path.toLowerCase();
  const known = loaders.find(({ suffixes }) => suffixes.some((suffix) => name.endsWith(suffix)));
  const { imports, variable, expression } = isFolder ? folderLoader : (known ?? bytesLoader);
  // JSON's notation of a text is also one of Python's.
  const quoted = JSON.stringify(path);
  const remark = comment.replaceAll(/[\p{Cc}\u2028\u2029]/gu, " ");
  return `${imports}\n${variable} = ${expression.replace("PATH", () => quoted)}  # ${remark}\n`;
}
