import type { StageTarget } from "../../contract.ts";
import type { Engine } from "../../engine/engine.ts";
import type { Stage } from "../../engine/pipeline/stage.ts";
import type { LensText, StageLensState } from "../labels/lensLabels.ts";
import type { ChangedInputs } from "./changedInputs.ts";
import { lensCommand } from "./lensCommand.ts";
import type { LazyLens } from "./lensProvider.ts";
import { likeliestStage, stageLensState } from "./lensState.ts";

type Words = (state: StageLensState) => readonly LensText[];

/** The lenses of a line that is about a stage. Their number is fixed at once, their words are those of the moment. */
export function lensesOfStage(
  engine: Engine,
  target: StageTarget,
  line: number,
  words: Words,
  inputs: ChangedInputs,
): readonly LazyLens[] {
  // How many there are does not depend on what changed, which is asked for where lenses are in sight.
  const places = words(stageLensState(engine, target.stage, null));
  return places.map((_, slot) => ({
    line,
    command: () => {
      const text = words(stageLensState(engine, target.stage, inputs))[slot];
      return text === undefined ? null : lensCommand(text, target);
    },
  }));
}

/** The same lenses at several lines of a source file, about the stage that a person most likely means. */
export function lensesAtLines(
  engine: Engine,
  stages: readonly Stage[],
  lines: readonly number[],
  words: Words,
  inputs: ChangedInputs,
): readonly LazyLens[] {
  const target = lines.length === 0 ? null : likeliestStage(engine, stages);
  return target === null ? [] : lines.flatMap((line) => lensesOfStage(engine, target, line, words, inputs));
}
