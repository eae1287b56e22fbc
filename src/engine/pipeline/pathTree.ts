interface Branch<Value> {
  readonly children: Map<string, Branch<Value>>;
  readonly values: Value[];
}

/** Values at paths, with quick answers to what lies above, at and below a path. Paths have forward slashes. */
export class PathTree<Value> {
  readonly #root: Branch<Value> = { children: new Map(), values: [] };

  add(path: string, value: Value): void {
    let branch = this.#root;
    for (const part of parts(path)) {
      let child = branch.children.get(part);
      if (!child) {
        child = { children: new Map(), values: [] };
        branch.children.set(part, child);
      }
      branch = child;
    }
    branch.values.push(value);
  }

  /** Values at the path, above it and below it. */
  overlapping(path: string): readonly Value[] {
    const found: Value[] = [];
    const branch = this.#walk(path, (passed) => found.push(...passed.values));
    if (branch) collect(branch, found);
    return found;
  }

  /** Values at the path or above it, outermost first. */
  above(path: string): readonly Value[] {
    const found: Value[] = [];
    const branch = this.#walk(path, (passed) => found.push(...passed.values));
    if (branch) found.push(...branch.values);
    return found;
  }

  #walk(path: string, pass: (branch: Branch<Value>) => void): Branch<Value> | null {
    let branch = this.#root;
    for (const part of parts(path)) {
      pass(branch);
      const child = branch.children.get(part);
      if (!child) return null;
      branch = child;
    }
    return branch;
  }
}

function collect<Value>(branch: Branch<Value>, found: Value[]): void {
  found.push(...branch.values);
  for (const child of branch.children.values()) collect(child, found);
}

function parts(path: string): readonly string[] {
  return path === "" ? [] : path.split("/");
}
