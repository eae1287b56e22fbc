/** A test that failed: the path to it (file, groups, name), and what went wrong. */
export interface Failure {
  readonly title: readonly string[];
  readonly text: string;
}

/** A test that was not run, with the reason that it gave. */
export interface Skipped {
  readonly title: readonly string[];
  readonly reason: string;
}

/** What the tests of one suite came to. */
export class Tally {
  readonly name: string;
  passed = 0;
  readonly failures: Failure[] = [];
  readonly skipped: Skipped[] = [];
  milliseconds = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** A suite without tests is a mistake in the set-up, which must not look like success. */
  get isEmpty(): boolean {
    return this.passed + this.failures.length === 0;
  }

  get isBad(): boolean {
    return this.failures.length > 0 || this.isEmpty;
  }
}

/** One failure as a block of text that stands out. */
export function failureText({ title, text }: Failure): string {
  return `\n✖ ${title.join(" › ")}\n${text.trim().replace(/^/gm, "    ")}\n`;
}

/** One line on a suite. */
export function summaryText(tally: Tally): string {
  const parts = [`${tally.passed} passed`, `${tally.failures.length} failed`];
  if (tally.skipped.length > 0) parts.push(`${tally.skipped.length} skipped`);
  const seconds = (tally.milliseconds / 1000).toFixed(1);
  const remark = tally.isEmpty ? "  ran no test" : "";
  return `${tally.isBad ? "✖" : "✔"} ${tally.name.padEnd(8)} ${parts.join(", ")}  (${seconds} s)${remark}`;
}

/** The closing line over all suites. */
export function closingText(tallies: readonly Tally[]): string {
  const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
  const failed = tallies.reduce((sum, tally) => sum + tally.failures.length, 0);
  return `${passed} passed, ${failed} failed`;
}
