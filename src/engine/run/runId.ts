import { randomBytes } from "node:crypto";

/**
 * The id of a new run, unlike any other. Ids sort by time to the millisecond (`now`, since the epoch): a second would
 * leave the order of short runs to chance.
 */
export function newRunId(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:.Z]/g, "");
  return `${time}-${randomBytes(4).toString("hex")}`;
}
