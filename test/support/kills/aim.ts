/** Whom a kill hits. Training and runner are hit rarely: that ends the run. */
export type Victim = "listener" | "runner" | "training";

/** The event that a kill waits for; it then comes `delay` milliseconds later. */
export type Moment =
  /** The listener was just started: hits its start, its recovery and its adoption. */
  | "start"
  /** The listener begins to finish what the journal holds. */
  | "recovery"
  /** A signal has appeared: training is held. */
  | "held"
  /** Training was released: the checkpoint is stored in the background. */
  | "storing"
  /** The training has come to its end: the run is closed, the next stage and the next run start. */
  | "end";

/** Where one kill goes. */
export interface Aim {
  readonly victim: Victim;
  readonly moment: Moment;
  /** How many such events are let pass before. */
  readonly pass: number;
  /** Milliseconds. */
  readonly delay: number;
  /** Whether the listener is killed with a runner or a training. */
  readonly isTogether: boolean;
}

/** Share of each moment, and the milliseconds within which its kills are spread. */
const moments: readonly { readonly moment: Moment; readonly share: number; readonly spread: number }[] = [
  { moment: "start", share: 0.25, spread: 800 },
  { moment: "recovery", share: 0.15, spread: 150 },
  { moment: "held", share: 0.3, spread: 25 },
  { moment: "storing", share: 0.22, spread: 200 },
  { moment: "end", share: 0.08, spread: 700 },
];

/** Chooses the next kill. `random` gives numbers from 0 up to 1. */
export function nextAim(random: () => number): Aim {
  const lot = random();
  const victim = lot < 0.03 ? "runner" : lot < 0.06 ? "training" : "listener";
  // A training that is to be hit must be there.
  const possible = moments.filter(({ moment }) => victim === "listener" || isWhileTraining(moment));
  const { moment, spread } = drawn(possible, random());
  return {
    victim,
    moment,
    pass: isWhileTraining(moment) ? Math.floor(random() * 4) : 0,
    delay: random() * spread,
    isTogether: random() < 0.5,
  };
}

function isWhileTraining(moment: Moment): boolean {
  return moment === "held" || moment === "storing";
}

/** One of the choices, by their shares; `lot` is from 0 up to 1. */
function drawn<Choice extends { readonly share: number }>(choices: readonly Choice[], lot: number): Choice {
  let rest = lot * choices.reduce((sum, { share }) => sum + share, 0);
  for (const choice of choices) {
    rest -= choice.share;
    if (rest < 0) return choice;
  }
  throw new RangeError("There is nothing to choose from.");
}

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
