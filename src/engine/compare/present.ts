import * as l10n from "@vscode/l10n";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** How long ago (or, for a clock that went back, how soon) something was: `now`, `8 s ago`, `2 min ago`, `yesterday`. */
export function relativeTime(time: number, now: number): string {
  const age = shortAge(time, now);
  return /^\d/.test(age) ? l10n.t("{0} ago", age) : age;
}

/** The same where there is little room: `now`, `8 s`, `2 min`, `yesterday`. */
export function shortAge(time: number, now: number): string {
  const age = Math.max(0, now - time);
  if (age < 5 * second) return l10n.t("now");
  if (age < minute) return l10n.t("{0} s", Math.floor(age / second));
  if (age < hour) return l10n.t("{0} min", Math.floor(age / minute));
  if (age < day) return l10n.t("{0} h", Math.floor(age / hour));
  const days = Math.floor(age / day);
  if (days === 1) return l10n.t("yesterday");
  if (days < 14) return l10n.t("{0} days", days);
  if (days < 60) return l10n.t("{0} weeks", Math.floor(days / 7));
  if (days < 730) return l10n.t("{0} months", Math.floor(days / 30.44));
  return l10n.t("{0} years", Math.floor(days / 365.25));
}

/** A duration in the one unit that matters, two for hours and days: `8 s`, `4 min`, `2 h 05 min`, `3 d 4 h`. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return "–";
  const duration = Math.max(0, milliseconds);
  if (duration < 950) return duration < 1 ? l10n.t("0 s") : l10n.t("{0} ms", Math.round(duration));
  if (duration < 9.95 * second) return l10n.t("{0} s", trimZeros((duration / second).toFixed(1)));
  if (duration < 59.5 * second) return l10n.t("{0} s", Math.round(duration / second));
  const minutes = Math.round(duration / minute);
  if (minutes < 60) return l10n.t("{0} min", minutes);
  if (minutes < 24 * 60) {
    return l10n.t("{0} h {1} min", Math.floor(minutes / 60), String(minutes % 60).padStart(2, "0"));
  }
  const hours = Math.round(duration / hour);
  return l10n.t("{0} d {1} h", Math.floor(hours / 24), hours % 24);
}

/** What is left of a run: `4 min left`. */
export function formatRemaining(milliseconds: number): string {
  return l10n.t(
    "{0} left",
    formatDuration(milliseconds < 10 * second ? Math.round(milliseconds / second) * second : milliseconds),
  );
}

/** Bytes in powers of 1000, as disks and file managers count: `512 B`, `1.5 MB`, `12 GB`. */
export function formatSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let size = Math.max(0, bytes);
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || size >= 9.95 ? size.toFixed(0) : trimZeros(size.toFixed(1));
  return `${digits} ${units[unit]}`;
}

/**
 * A number with the digits that help: whole numbers grouped (`1,200`), others with four significant digits (`0.9142`),
 * very large and very small ones with an exponent (`1e-5`).
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return group(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) {
    const [mantissa = "", exponent = ""] = value.toExponential(3).split("e");
    return `${trimZeros(mantissa)}e${exponent.replace("+", "")}`;
  }
  if (size >= 1000) return group(Math.round(value));
  return trimZeros(value.toPrecision(4));
}

/**
 * Where a checkpoint is, in the words of the training code where it has some: `epoch 12/40`, `step 1,200`, `warm-up`,
 * `#3` when there is no step. A name such as `epoch-12` tells what a step is called.
 */
export function stepLabel(checkpoint: {
  readonly step: number | null;
  readonly total: number | null;
  readonly name: string | null;
  readonly sequence: number;
}): string {
  const { step, total, name, sequence } = checkpoint;
  const unit = /^([\p{L}]{2,20})[ _-]?0*(\d+)$/u.exec(name ?? "");
  if (step === null) {
    if (unit?.[1] && unit[2]) return `${unit[1].toLowerCase()} ${group(Number(unit[2]))}`;
    return name ?? `#${sequence}`;
  }
  const position = total === null ? formatNumber(step) : `${formatNumber(step)}/${formatNumber(total)}`;
  if (unit?.[1] && Number(unit[2]) === step) return `${unit[1].toLowerCase()} ${position}`;
  return name === null ? l10n.t("step {0}", position) : `${name} · ${l10n.t("step {0}", position)}`;
}

/** A date and time as in logs, in UTC: `2026-01-02 10:15:00`. */
export function formatTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? "–" : date.toISOString().slice(0, 19).replace("T", " ");
}

function group(value: number): string {
  return String(Math.abs(value)).length < 4 || Object.is(value, -0)
    ? String(value === 0 ? 0 : value)
    : String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function trimZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
