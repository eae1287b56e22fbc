/**
 * What the Mocha runner in the extension host writes to its results file, one JSON value a line, as it happens: a host
 * that dies in the middle leaves what was known.
 */
export type TestRecord =
  | { readonly kind: "passed"; readonly title: readonly string[] }
  | { readonly kind: "failed"; readonly title: readonly string[]; readonly error: string }
  | { readonly kind: "skipped"; readonly title: readonly string[] }
  /** Written once, when Mocha has come to its end. */
  | { readonly kind: "end" };

/** Names of the environment variables by which the runner learns what to do. */
export const runnerVariables = {
  /** JSON list of the absolute paths of the bundled test files. */
  files: "SAVEPOINT_TEST_FILES",
  /** Absolute path of the results file. */
  results: "SAVEPOINT_TEST_RESULTS",
} as const;
