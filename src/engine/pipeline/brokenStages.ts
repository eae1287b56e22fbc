import { stagesInText } from "./stageText.ts";
import { readYaml, type YamlProblem } from "./yaml.ts";

export interface BrokenStage {
  readonly name: string;
  readonly problem: YamlProblem;
}

/**
 * Takes the definitions that are not valid YAML by themselves out of a file, so that an open quote or bracket, or a line
 * that is not indented as it should be, harms its own stage alone: a reader of the whole file would take what follows
 * for something else. Blank lines stand in for them, so that every other line keeps its number. `problems` are those of
 * the whole file; the first is told of each stage, as others come of it.
 */
export function setBrokenStagesAside(
  text: string,
  problems: readonly YamlProblem[],
): {
  readonly text: string;
  readonly broken: readonly BrokenStage[];
} {
  const lines = text.split("\n");
  const found = stagesInText(text);
  const broken: BrokenStage[] = [];
  for (const [index, { name, lines: own }] of found.entries()) {
    // Up to the next definition, as lines between the two are what was meant to be part of the first.
    const end = found[index + 1]?.lines.start ?? endOfSection(lines, own.end);
    const alone = `${"\n".repeat(own.start)}${lines.slice(own.start, end).join("\n")}`;
    const problem = readYaml(alone).problems.find(({ isSyntax }) => isSyntax);
    if (!problem) continue;
    const isOwn = ({ isSyntax, range }: YamlProblem) =>
      isSyntax && range.start.line >= own.start && range.start.line < end;
    broken.push({ name, problem: problems.find(isOwn) ?? problem });
    lines.fill("", own.start, end);
  }
  return { text: lines.join("\n"), broken };
}

/** The first line from one on that stands at the margin; comments don't count. */
function endOfSection(lines: readonly string[], from: number): number {
  const end = lines.findIndex((line, index) => index >= from && /^[^\s#]/.test(line));
  return end < 0 ? lines.length : end;
}
