import { setTimeout as delay } from "node:timers/promises";
import { type TemporaryProject, temporaryFolder } from "../temporaryProject.ts";
import { type Aim, nextAim, randomFrom, type Victim } from "./aim.ts";
import { buildPrograms, killProject, type Programs } from "./killProject.ts";
import { ListenerProcess } from "./listenerProcess.ts";
import { Sight } from "./sight.ts";
import { checkRound } from "./storeCheck.ts";
import { untouchedState } from "./untouched.ts";

/** Kills in one project; then its store is checked and a new one is made, so that Git stays quick. */
const killsOfRound = 100;
/** Milliseconds after which a training that does not go on hangs. */
const hangLimit = 90_000;

export interface CampaignOptions {
  readonly kills: number;
  /** Chooses the moments. The processes are as random as ever. */
  readonly seed: number;
  /** Called at the end of each round. */
  readonly onProgress?: (report: CampaignReport) => void;
}

/** What a campaign saw. It was a success when `problems` is empty. */
export interface CampaignReport {
  /** By who was hit, and at what: `listener while training is held`. */
  readonly kills: { readonly [hit: string]: number };
  /** Checkpoints whose training was released. */
  readonly released: number;
  /** Those of them that are in the store. */
  readonly recorded: number;
  readonly runs: number;
  readonly hangs: number;
  /** Everything that was not as it must be, for people. */
  readonly problems: readonly string[];
}

/** Kills of all kinds. */
export function countKills({ kills }: CampaignReport): number {
  return Object.values(kills).reduce((sum, count) => sum + count, 0);
}

/** The line that sums a campaign up. */
export function closingLine(report: CampaignReport): string {
  const { released, recorded, hangs } = report;
  return `${countKills(report)} kills, ${released} checkpoints released, ${recorded} recorded, ${released - recorded} lost, ${hangs} hangs`;
}

/**
 * Lets trainings run and kills who listens to them, again and again, at random moments. After each round everything that
 * is left must have come to its end, and the store must hold what was released. Stops at the first round with problems.
 */
export async function killAgainAndAgain(options: CampaignOptions): Promise<CampaignReport> {
  const folder = await temporaryFolder();
  try {
    const programs = await buildPrograms(folder);
    const random = randomFrom(options.seed);
    let report: CampaignReport = { kills: {}, released: 0, recorded: 0, runs: 0, hangs: 0, problems: [] };
    for (let left = options.kills; left > 0 && report.problems.length === 0; ) {
      const ledger = folder.path(`ledger-${left}`);
      const round = await runRound(programs, Math.min(left, killsOfRound), ledger, random);
      report = sum(report, round);
      left = options.kills - countKills(report);
      options.onProgress?.(report);
    }
    return report;
  } finally {
    await folder.dispose();
  }
}

function sum(one: CampaignReport, other: CampaignReport): CampaignReport {
  const kills = { ...one.kills };
  for (const [name, count] of Object.entries(other.kills)) kills[name] = (kills[name] ?? 0) + count;
  return {
    kills,
    released: one.released + other.released,
    recorded: one.recorded + other.recorded,
    runs: one.runs + other.runs,
    hangs: one.hangs + other.hangs,
    problems: [...one.problems, ...other.problems],
  };
}

async function runRound(
  programs: Programs,
  count: number,
  ledger: string,
  random: () => number,
): Promise<CampaignReport> {
  const project = await killProject();
  const before = await untouchedState(project);
  const round = new Round(programs, project, ledger);
  await round.kill(count, random);
  await round.finish();
  const { kills, hangs } = round;
  const check = await checkRound({ project, ledger, before, harmed: round.harmed });
  const problems = [...round.problems, ...check.problems];
  // What went wrong is left for whoever looks into it.
  if (problems.length > 0) return { kills, hangs, ...check, problems: [...problems, `see ${project.root}`] };
  await project.dispose();
  return { kills, hangs, ...check };
}

/** One project whose trainings and listeners are killed. */
class Round {
  readonly kills: { [hit: string]: number } = {};
  readonly problems: string[] = [];
  /** Runs whose training or runner was killed. */
  readonly harmed = new Map<string, Set<Victim>>();
  hangs = 0;
  readonly #programs: Programs;
  readonly #root: string;
  readonly #ledger: string;
  readonly #sight: Sight;

  constructor(programs: Programs, project: TemporaryProject, ledger: string) {
    this.#programs = programs;
    this.#root = project.root;
    this.#ledger = ledger;
    this.#sight = new Sight(project.root, ledger);
  }

  async kill(count: number, random: () => number): Promise<void> {
    let listener = this.#start("go-on");
    for (let killed = 0; killed < count && this.problems.length === 0; ) {
      const aim = nextAim(random);
      if (!(await this.#reach(aim, listener))) break;
      await delayExactly(aim.delay);
      if (listener.isOver) {
        this.problems.push(`the listener ended by itself: ${listener.output}`);
        break;
      }
      if (aim.victim !== "listener" && this.#strike(aim.victim)) killed += 1;
      if (aim.victim !== "listener" && (!aim.isTogether || killed === count)) continue;
      this.#count(`listener ${this.#sight.activity(listener)}`);
      await listener.kill();
      killed += 1;
      listener = this.#start("go-on");
    }
    await listener.kill();
  }

  /** A last listener brings everything to its end. */
  async finish(): Promise<void> {
    if (this.problems.length > 0) return;
    const listener = this.#start("finish");
    if (!(await listener.succeeds(hangLimit))) {
      if (!listener.isOver) this.hangs += 1;
      this.problems.push(`the last run did not come to its end: ${listener.output}`);
    }
    await listener.kill();
  }

  #start(mode: "go-on" | "finish"): ListenerProcess {
    return new ListenerProcess(this.#programs, this.#root, this.#ledger, mode);
  }

  /** Waits for the moment of an aim; `false` when it does not come. */
  async #reach(aim: Aim, listener: ListenerProcess): Promise<boolean> {
    const has = this.#sight.watch(aim.moment, aim.pass, listener);
    const deadline = performance.now() + hangLimit;
    while (!has()) {
      if (listener.isOver) {
        this.problems.push(`the listener ended by itself: ${listener.output}`);
        return false;
      }
      if (performance.now() > deadline) {
        this.hangs += 1;
        this.problems.push(`nothing went on within ${hangLimit} ms (${aim.moment}): ${listener.output}`);
        return false;
      }
      await delay(1);
    }
    return true;
  }

  #strike(victim: "runner" | "training"): boolean {
    const target = this.#sight.target(victim);
    if (target === null) return false;
    process.kill(target.pid, "SIGKILL");
    const harms = this.harmed.get(target.run) ?? new Set();
    this.harmed.set(target.run, harms.add(victim));
    this.#count(victim);
    return true;
  }

  #count(name: string): void {
    this.kills[name] = (this.kills[name] ?? 0) + 1;
  }
}

/** Waits with the precision that the clock has, not the timers: a checkpoint is taken within a few milliseconds. */
async function delayExactly(milliseconds: number): Promise<void> {
  const end = performance.now() + milliseconds;
  if (milliseconds > 2) await delay(milliseconds - 2);
  while (performance.now() < end);
}
