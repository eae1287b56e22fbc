import type { StopGrace } from "../engine/openEngine.ts";
import { readDuration } from "../engine/pipeline/duration.ts";
import { failure, type Result, success } from "../engine/result.ts";
import type { FreshRequest, LoadPolicy, RunRequest } from "../engine/run/request.ts";
import type { Invocation } from "./arguments.ts";

const policies: readonly LoadPolicy[] = ["fresh", "eager", "none"];
const mostRetries = 1000;

/** Reads what a run does beside its stages: `--policy`, `--yes`, `--downstream` and `--single`. */
export function readFreshChoices({
  options,
  words,
}: Invocation): Result<Pick<FreshRequest, "policy" | "acceptChanges" | "reach">> {
  const policy = policies.find((known) => known === options.policy);
  if (options.policy !== undefined && policy === undefined) {
    return failure("usage", `--policy takes ${policies.join(", ")}, not "${options.policy}"`);
  }
  const reach = options.single ? "single" : options.downstream ? "downstream" : "upstream";
  if (options.single && options.downstream) {
    return failure("usage", "--single and --downstream exclude each other");
  }
  if (reach !== "upstream" && words.length === 0) {
    return failure("usage", `--${reach} needs the stage that it is about: savepoint run STAGE --${reach}`);
  }
  return success({
    reach,
    acceptChanges: options.yes === true,
    ...(policy === undefined ? {} : { policy }),
  });
}

/** Reads `--retries N`. */
export function readRetries({ options }: Invocation): Result<Pick<RunRequest, "retries">> {
  const text = options.retries;
  if (typeof text !== "string") return success({});
  const retries = Number(text);
  if (/^\d+$/.test(text) && retries <= mostRetries) return success({ retries });
  return failure("usage", `--retries takes a whole number from 0 to ${mostRetries}, not "${text}"`);
}

/**
 * Reads `--grace DURATION[,DURATION]`, or the variable SAVEPOINT_GRACE: how long a stage that is stopped has after
 * SIGINT, and then after SIGTERM. `null` when neither is given.
 */
export function readGrace(
  { options }: Invocation,
  variables: NodeJS.ProcessEnv,
): Result<Partial<StopGrace> | null> {
  const [name, text] =
    typeof options.grace === "string"
      ? ["--grace", options.grace]
      : ["the variable SAVEPOINT_GRACE", variables.SAVEPOINT_GRACE];
  if (text === undefined || text === "") return success(null);
  const times = text.split(",").map((part) => readDuration(/^\d+(\.\d+)?$/.test(part) ? Number(part) : part));
  const [interrupt, terminate] = times;
  if (interrupt === undefined || times.length > 2 || times.includes(undefined)) {
    return failure("usage", `${name} takes one or two times, such as 30s or 30s,5s, not "${text}"`);
  }
  return success({ interrupt, ...(terminate === undefined ? {} : { terminate }) });
}
