import type { Engine } from "../../engine/engine.ts";
import type { Experiment } from "../../engine/model.ts";
import { type AskingCheckpoint, openQuestion } from "../../engine/run/openQuestion.ts";
import type { Projects } from "../projects.ts";

/** A question that waits, with where it stands. */
export interface FoundQuestion {
  readonly engine: Engine;
  readonly experiment: Experiment;
  readonly checkpoint: AskingCheckpoint;
}

/** All questions of the window that wait, the newest first. */
export function openQuestions(projects: Projects): readonly FoundQuestion[] {
  return projects.all
    .flatMap(openQuestionsOf)
    .sort((a, b) => b.checkpoint.createdAt - a.checkpoint.createdAt);
}

/** The questions of a project that wait. */
export function openQuestionsOf(engine: Engine): readonly FoundQuestion[] {
  return engine.experiments.experiments.flatMap((experiment) => {
    const checkpoint = openQuestion(experiment);
    return checkpoint === null ? [] : [{ engine, experiment, checkpoint }];
  });
}
