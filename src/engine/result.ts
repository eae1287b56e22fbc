/** An expected failure, phrased for a person: what happened, where, and what to do next, on one line. */
export interface Problem<Reason extends string = string> {
  /** Machine-readable kind of the failure, in kebab-case. */
  readonly reason: Reason;
  readonly message: string;
  /** Project-relative or absolute path of the file concerned, if there is one. */
  readonly path?: string;
}

/** The outcome of work that can fail in expected ways. Unexpected failures throw. */
export type Result<Value, Reason extends string = string> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem<Reason> };

export function success<Value>(value: Value): { readonly ok: true; readonly value: Value } {
  return { ok: true, value };
}

export function failure<Reason extends string>(
  reason: Reason,
  message: string,
  path?: string,
): { readonly ok: false; readonly problem: Problem<Reason> } {
  return { ok: false, problem: path === undefined ? { reason, message } : { reason, message, path } };
}
