import type { StageRun } from "../engine/run/run.ts";

/** Names in one line before the rest is only counted. */
const mostNames = 6;

/** Why the stages of one run run, are skipped or are tried again, for people: what was not said of them before. */
export class StageNews {
  readonly #said = new Map<string, string>();

  /** Lines about what is new. */
  of(stages: readonly StageRun[]): readonly string[] {
    const skipped = new Map<string, string[]>();
    const lines: string[] = [];
    for (const { stage, state, reason, launches } of stages) {
      const what = newsOf(state, launches.length, reason);
      if (what === null || this.#said.get(stage) === what) continue;
      this.#said.set(stage, what);
      if (state !== "skipped") lines.push(`${stage} ${what}`);
      else skipped.set(what, [...(skipped.get(what) ?? []), stage]);
    }
    return [...[...skipped].map(([what, names]) => `${shortList(names)} ${what}`), ...lines];
  }
}

function newsOf(state: StageRun["state"], launches: number, reason: string): string | null {
  if (state === "skipped") return `skipped: ${reason}`;
  if (state === "running" && launches <= 1) return `runs: ${reason}`;
  return state === "waiting" && launches > 0 ? `runs again: ${reason}` : null;
}

function shortList(names: readonly string[]): string {
  const rest = names.length - mostNames;
  return rest > 0 ? `${names.slice(0, mostNames).join(", ")} and ${rest} more` : names.join(", ");
}
