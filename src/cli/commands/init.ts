import { initProject } from "../../engine/initProject.ts";
import { type Command, exitCodes, printJson } from "../command.ts";

/** `savepoint init`: makes the `.dvc` folder; does nothing when it is complete. */
export const init: Command = async (invocation, terminal) => {
  const made = await initProject(invocation.directory);
  if (!made.ok) return made.problem;
  const { created } = made.value;
  if (invocation.options.json) printJson(terminal, { created });
  else if (created.length === 0) terminal.print("The .dvc folder is complete; nothing to do.");
  else terminal.print(`Created ${created.join(", ")}. Commit them with your pipeline.`);
  return exitCodes.done;
};
