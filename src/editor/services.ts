import type { Log } from "./base/messages.ts";
import type { CompareSelection } from "./compareSelection.ts";
import type { Projects } from "./projects.ts";
import type { ChangesDiff } from "./resume/changesDiff.ts";

/** What commands and views work with. */
export interface Services {
  readonly log: Log;
  readonly projects: Projects;
  readonly selection: CompareSelection;
  readonly changes: ChangesDiff;
}
