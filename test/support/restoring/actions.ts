import fc from "fast-check";

/**
 * What a person, their training or Savepoint does next. Numbers choose among what is there at that moment, so that a
 * sequence still means something when shrinking takes a part of it away.
 */
export type Action =
  | { readonly kind: "write"; readonly path: string; readonly form: "plain" | "executable" | "link" }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "empty-folder"; readonly path: string }
  | { readonly kind: "stage"; readonly path: string }
  | { readonly kind: "commit" | "amend" | "branch" | "abandon" | "stash" | "unstash" }
  | { readonly kind: "switch" | "delete-branch" | "rebase" | "merge" | "pick"; readonly branch: number }
  | { readonly kind: "collect"; readonly expires: boolean }
  | { readonly kind: "train" }
  | { readonly kind: "checkpoint"; readonly from: "head" | "last" | number }
  | { readonly kind: "apply"; readonly checkpoint: number; readonly scope: ActionScope }
  | { readonly kind: "continue" | "export" | "delete"; readonly checkpoint: number }
  /** 0 takes back the last restore. */
  | { readonly kind: "undo"; readonly point: number }
  | { readonly kind: "start-fresh" | "bring-back" }
  /** From now on, all happens in the other one of two work trees of the repository. */
  | { readonly kind: "other-work-tree" };

export type ActionScope = "everything" | "outputs" | { readonly paths: readonly string[] };

/** What Savepoint does; all else is done by the user, who may lose what they want. */
export const ours: ReadonlySet<Action["kind"]> = new Set([
  "checkpoint",
  "apply",
  "continue",
  "export",
  "delete",
  "bring-back",
  "start-fresh",
  "undo",
]);

const codePaths = [
  "train.py",
  "lib/a.txt",
  "notes.ipynb",
  "new.txt",
  "lib/b.txt",
  'odd "näme" \n.md',
] as const;
/** A name that is a file at one time and a folder at another. */
const clashes = ["thing", "thing/inside.txt", "lib"] as const;
const ignoredPaths = ["secret.env", "build/main.o", "thing/trash.o"] as const;
const outputPaths = [
  "model.bin",
  "weights/first.bin",
  "weights/deep/second.bin",
  "metrics.json",
  "model.bin/odd",
  "weights",
  "out/state.bin",
  "out",
] as const;

const path = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...codePaths) },
  { weight: 2, arbitrary: fc.constantFrom(...clashes) },
  { weight: 2, arbitrary: fc.constantFrom(...ignoredPaths) },
  { weight: 5, arbitrary: fc.constantFrom(...outputPaths) },
);
const which = fc.nat({ max: 20 });
const scope: fc.Arbitrary<ActionScope> = fc.oneof(
  { weight: 4, arbitrary: fc.constant("everything" as const) },
  { weight: 2, arbitrary: fc.constant("outputs" as const) },
  {
    weight: 2,
    arbitrary: fc.record({
      paths: fc.uniqueArray(
        fc.constantFrom("train.py", "lib", "thing", "new.txt", "model.bin", "weights", "out", "metrics.json"),
        { minLength: 1, maxLength: 3 },
      ),
    }),
  },
);

const form = fc.oneof(
  { weight: 8, arbitrary: fc.constant("plain" as const) },
  { weight: 1, arbitrary: fc.constant("executable" as const) },
  { weight: 1, arbitrary: fc.constant("link" as const) },
);

function simple<Kind extends Action["kind"]>(kind: Kind): fc.Arbitrary<{ readonly kind: Kind }> {
  return fc.constant({ kind });
}

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("write" as const), path, form }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("remove" as const), path }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("empty-folder" as const), path }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("stage" as const), path }) },
  { weight: 3, arbitrary: simple("commit") },
  {
    weight: 4,
    arbitrary: fc.oneof(
      simple("amend"),
      simple("branch"),
      simple("abandon"),
      simple("stash"),
      simple("unstash"),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "switch" as const,
        "delete-branch" as const,
        "rebase" as const,
        "merge" as const,
        "pick" as const,
      ),
      branch: which,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("collect" as const), expires: fc.boolean() }) },
  { weight: 3, arbitrary: simple("train") },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("checkpoint" as const),
      from: fc.oneof(fc.constantFrom("head" as const, "last" as const), which),
    }),
  },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant("apply" as const), checkpoint: which, scope }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("continue" as const), checkpoint: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("export" as const), checkpoint: which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), checkpoint: which }) },
  { weight: 1, arbitrary: simple("bring-back") },
  { weight: 1, arbitrary: simple("start-fresh") },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("undo" as const),
      point: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: which }),
    }),
  },
  { weight: 3, arbitrary: simple("other-work-tree") },
);

/** Begins with work and a checkpoint: without one there is nothing to restore. */
export function sequences(longest: number): fc.Arbitrary<readonly Action[]> {
  return (
    fc
      // Left to itself, fast-check makes hardly any longer than ten.
      .array(action, { minLength: 1, maxLength: longest, size: "max" })
      .map((rest) => [{ kind: "train" }, { kind: "checkpoint", from: "head" }, ...rest] as const)
  );
}

/** For people: `apply 3 everything`. */
export function describeAction(one: Action): string {
  return Object.values(one)
    .map((value) => (typeof value === "object" ? value.paths.join("+") : JSON.stringify(value)))
    .join(" ")
    .replaceAll('"', "");
}
