/** How long to wait between two looks, in milliseconds. */
const interval = 25;

type Truthy<Value> = Exclude<Value, false | null | undefined | 0 | "">;

/**
 * Waits until `check` gives a truthy value, and returns it. Throws when that has not happened within `limitMs`
 * milliseconds, with `what` (such as "the signal file to disappear") and the last error of `check`, if it threw.
 */
export async function until<Value>(
  check: () => Value | Promise<Value>,
  limitMs: number,
  what: string,
): Promise<Truthy<Value>> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    let cause: unknown;
    try {
      const value = await check();
      if (value) return value as Truthy<Value>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${limitMs} ms for ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
