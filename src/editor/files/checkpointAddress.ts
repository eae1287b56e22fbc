/** Scheme of the read-only file system whose files are those of checkpoints. */
export const checkpointScheme = "savepoint";

/** A file or folder of a checkpoint. */
export interface CheckpointAddress {
  /** Root of the project; `null` when the address does not say it, as when a person wrote it. */
  readonly root: string | null;
  /** The checkpoint's commit; `null` when only the reference names it. */
  readonly sha: string | null;
  /** For people: `amber-heron@12`. */
  readonly reference: string;
  /** Project-relative, with forward slashes; `""` is the project's root. */
  readonly path: string;
  /**
   * A folder's URI path under which the file is to stand instead of under the reference: that of the workspace's file
   * makes a diff of the two one of the same file, not of a renamed one.
   */
  readonly below: string | null;
}

/** The parts of an address as a URI has them, before percent-encoding. */
export interface AddressParts {
  readonly path: string;
  readonly query: string;
}

/**
 * `/amber-heron@12/params.yaml` with project and commit in the query: the name of the file stays last, so that
 * language and icon are right, and the commit says which bytes they are also after the experiment was renamed.
 */
export function formatAddress(address: CheckpointAddress): AddressParts {
  const query = new URLSearchParams();
  if (address.root !== null) query.set("root", address.root);
  if (address.sha !== null) query.set("sha", address.sha);
  if (address.below !== null) {
    query.set("below", address.below);
    query.set("reference", address.reference);
    return { path: `${address.below}/${address.path}`, query: query.toString() };
  }
  // A name of another program may hold a slash; the commit tells which checkpoint it is.
  const reference = address.reference.replaceAll("/", "-");
  return {
    path: address.path === "" ? `/${reference}` : `/${reference}/${address.path}`,
    query: query.toString(),
  };
}

/** Reads an address; `null` when it names no checkpoint. What it says is not checked against the store. */
export function parseAddress({ path, query }: AddressParts): CheckpointAddress | null {
  const known = new URLSearchParams(query);
  const [root, sha, below] = [known.get("root"), known.get("sha"), known.get("below")];
  if (sha !== null && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(sha)) return null;
  if (below !== null && !path.startsWith(`${below}/`)) return null;
  const parts = path
    .slice(below?.length ?? 0)
    .split("/")
    .filter((part) => part !== "");
  const reference = below === null ? parts.shift() : known.get("reference");
  return reference ? { root, sha, reference, path: parts.join("/"), below } : null;
}
