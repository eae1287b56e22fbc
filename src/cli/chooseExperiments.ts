import type { Facts } from "../engine/compare/filter/facts.ts";
import { namesIn, parseFilter, passes, unknownName } from "../engine/compare/filter/filter.ts";
import { sortedBy, sortKey } from "../engine/compare/filter/sort.ts";
import { failure, type Result, success } from "../engine/result.ts";
import type { Invocation } from "./arguments.ts";

/** The items that `--filter` lets through, in the order of `--sort`. */
export function chooseByOptions<Item>(
  { options }: Invocation,
  items: readonly Item[],
  factsOfItem: (item: Item) => Facts,
): Result<readonly Item[]> {
  const facts = new Map(items.map((item) => [item, factsOfItem(item)]));
  const of = (item: Item) => facts.get(item) ?? factsOfItem(item);
  let chosen = items;
  if (typeof options.filter === "string") {
    const filter = parseFilter(options.filter);
    if (!filter.ok) return failure("usage", `--filter: ${filter.problem.message}`);
    for (const name of namesIn(filter.value)) {
      const problem = unknownName(name, [...facts.values()]);
      if (problem !== null) return failure("usage", `--filter: ${problem}`);
    }
    chosen = chosen.filter((item) => passes(filter.value, of(item)));
  }
  if (typeof options.sort === "string") {
    const problem = unknownName(sortKey(options.sort).name, [...facts.values()]);
    if (problem !== null) return failure("usage", `--sort: ${problem}`);
    chosen = sortedBy(chosen, of, options.sort);
  }
  return success(chosen);
}
