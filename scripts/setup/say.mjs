/** A mistake in the surroundings that only a person can mend; the message says how. */
export class SetupError extends Error {
  constructor(message) {
    super(message);
    this.name = "SetupError";
  }
}

/** Tells what the set-up does. On stderr, so that it never mixes with a program's own output. */
export function say(text) {
  console.error(`[setup] ${text}`);
}
