import { posix } from "node:path";
import * as l10n from "@vscode/l10n";
import type { Stage } from "../../engine/pipeline/stage.ts";
import { stagesInText } from "../../engine/pipeline/stageText.ts";
import { asCommand } from "../base/commands.ts";
import { perVersion } from "../base/perVersion.ts";
import { readSetting } from "../base/settings.ts";
import { callLenses, stageLenses } from "../labels/lensLabels.ts";
import type { ChangedInputs } from "./changedInputs.ts";
import { findCheckpointCalls } from "./checkpointCalls.ts";
import { lensTitle } from "./lensCommand.ts";
import type { LazyLens, LensKind } from "./lensProvider.ts";
import type { PatternSetting } from "./patternSetting.ts";
import { relatedStages } from "./relatedStages.ts";
import { sourceLanguages } from "./source/sourceText.ts";
import { lensesAtLines, lensesOfStage } from "./stageLens.ts";
import { findStateLoads } from "./stateLoads.ts";

/** Above each stage of a `dvc.yaml`, and above all of them. */
export function pipelineLenses(inputs: ChangedInputs): LensKind {
  return {
    selector: { scheme: "file", pattern: "**/dvc.yaml" },
    setting: "savepoint.codeLens.pipeline",
    needsTrust: true,
    onDidChange: inputs.onDidChange,
    lenses(document, engine, path) {
      const text = document.getText();
      const { root } = engine.project;
      const prefix = path === "dvc.yaml" ? "" : `${path}:`;
      const stages = stagesInText(text).flatMap(({ name, lines }) =>
        lensesOfStage(
          engine,
          { kind: "stage", root, stage: prefix + name },
          lines.start,
          stageLenses,
          inputs,
        ),
      );
      return stages.length === 0 ? [] : [...pipelineLens(text, root), ...stages];
    },
  };
}

function pipelineLens(text: string, root: string): readonly LazyLens[] {
  const line = text.split(/\r?\n/).findIndex((row) => /^stages\s*:/.test(row));
  if (line < 0) return [];
  const run = asCommand(lensTitle(`$(run-all) ${l10n.t("Run Pipeline")}`), "savepoint.run", {
    kind: "project",
    root,
  });
  const tooltip = l10n.t("Run every stage that is not up to date, as a new experiment");
  return [{ line, command: () => ({ ...run, tooltip }) }];
}

const callsIn = perVersion((document) => findCheckpointCalls(document.getText(), document.languageId));

/** `outputs` as JSON. */
const loadsIn = perVersion((document, outputs) =>
  findStateLoads(document.getText(), document.languageId, JSON.parse(outputs)),
);

/** Above each call by which source code asks for a training checkpoint, known or described in the settings. */
export function callSiteLenses(patterns: PatternSetting, inputs: ChangedInputs): LensKind {
  return {
    selector: { scheme: "file" },
    setting: "savepoint.codeLens.source",
    needsTrust: true,
    onDidChange: inputs.onDidChange,
    lenses(document, engine, path) {
      const calls = callsIn(document);
      const lines = [...new Set([...calls, ...patterns.linesIn(document)])].sort((a, b) => a - b);
      if (lines.length === 0) return [];
      const stages = relatedStages(engine.pipeline.pipeline.stages, path);
      return lensesAtLines(engine, stages, lines, callLenses, inputs);
    },
  };
}

/** Where source code loads what its stage saves, or asks where to go on. */
export function loadSiteLenses(inputs: ChangedInputs): LensKind {
  return {
    selector: sourceLanguages.map((language) => ({ scheme: "file", language })),
    setting: "savepoint.codeLens.load",
    needsTrust: true,
    onDidChange: inputs.onDidChange,
    lenses(document, engine, path) {
      const stages = relatedStages(engine.pipeline.pipeline.stages, path);
      if (stages.length === 0) return [];
      const loads = loadsIn(document, JSON.stringify(stages.flatMap(outputNames)));
      // A line that has the lenses of a call already needs no second ones.
      const calls = readSetting("savepoint.codeLens.source", document.uri) ? callsIn(document) : [];
      const lines = loads.filter((line) => !calls.includes(line));
      return lensesAtLines(engine, stages, lines, callLenses, inputs);
    },
  };
}

/** The outputs of a stage as its code may name them: from its working directory, or from the root. */
function outputNames({ outputs, workingDirectory }: Stage): readonly string[] {
  return outputs
    .filter(({ kind }) => kind === "output")
    .flatMap(({ path }) => [path, posix.relative(workingDirectory, path)]);
}
