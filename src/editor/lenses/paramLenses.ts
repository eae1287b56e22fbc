import { type ParamHistories, paramId } from "../../engine/compare/paramHistory.ts";
import { asCommand } from "../base/commands.ts";
import { paramLens } from "../labels/triedLabels.ts";
import { dataFileSelector, keysIn, paramsFiles, paramsOf } from "../paramIndex.ts";
import { lensTitle } from "./lensCommand.ts";
import type { LensKind } from "./lensProvider.ts";

/** Above each parameter that was tried with several values. */
export const paramLenses: LensKind = {
  selector: dataFileSelector,
  setting: "savepoint.codeLens.params",
  needsTrust: false,
  lenses(document, engine, path) {
    // A file in which nothing varied need not be read, however long it is.
    if (!paramsFiles(engine).has(path) || !hasVaried(paramsOf(engine), path)) return [];
    const { root } = engine.project;
    const history = (key: string) => {
      const found = paramsOf(engine).get(paramId(path, key));
      return found !== undefined && found.values.length > 1 ? found : null;
    };
    return keysIn(document, path)
      .filter(({ key }) => history(key) !== null)
      .map(({ key, start }) => ({
        line: document.positionAt(start).line,
        command: () => {
          const found = history(key);
          if (found === null) return null;
          const { title, tooltip } = paramLens(found);
          const target = { kind: "param", root, file: path, key } as const;
          const command = asCommand(
            lensTitle(`$(list-ordered) ${title}`),
            "savepoint.showTriedValues",
            target,
          );
          return { ...command, tooltip };
        },
      }));
  },
};

function hasVaried(histories: ParamHistories, path: string): boolean {
  return [...histories.values()].some(({ file, values }) => file === path && values.length > 1);
}
