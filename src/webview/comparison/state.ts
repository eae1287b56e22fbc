import type { Append, ComparedRow, HostMessage, MetricLine, Snapshot } from "../protocol.ts";

/** What the page knows of the store: the last snapshot with all changes since, or `null` before the first one. */
export interface Received {
  readonly snapshot: Snapshot | null;
  /** A change was missed: what is shown is right but not up to date, and the host has to be asked for all. */
  readonly isStale: boolean;
}

export const nothingReceived: Received = { snapshot: null, isStale: false };

/** Takes in a message of the host. */
export function receive(received: Received, message: HostMessage): Received {
  if (message.kind === "snapshot") return { snapshot: message, isStale: false };
  const { snapshot } = received;
  if (snapshot === null || received.isStale) return received;
  if (message.revision !== snapshot.revision + 1) return { snapshot, isStale: true };
  const rows = replaceRows(snapshot.rows, message.rows);
  if (message.kind === "rows") {
    return { snapshot: { ...snapshot, revision: message.revision, rows }, isStale: false };
  }
  const isKnown = snapshot.lines.some((line) => line.key === message.line);
  if (!isKnown) return { snapshot, isStale: true };
  return {
    snapshot: {
      ...snapshot,
      revision: message.revision,
      rows,
      lines: snapshot.lines.map((line) => (line.key === message.line ? append(line, message) : line)),
      goals: mergeGoals(snapshot.goals, message.goals),
    },
    isStale: false,
  };
}

function replaceRows(rows: readonly ComparedRow[], changed: readonly ComparedRow[]): readonly ComparedRow[] {
  const byKey = new Map(changed.map((row) => [row.key, row]));
  return rows.map((row) => byKey.get(row.key) ?? row);
}

function append(line: MetricLine, { point, seams }: Append): MetricLine {
  const { length } = line.sequences;
  const files = new Set([...Object.keys(line.metrics), ...Object.keys(point.metrics)]);
  const metrics = [...files].map((file) => {
    const columns = line.metrics[file] ?? {};
    const numbers = point.metrics[file] ?? {};
    const keys = new Set([...Object.keys(columns), ...Object.keys(numbers)]);
    const extended = [...keys].map((key) => {
      const column = columns[key] ?? new Array<null>(length).fill(null);
      return [key, [...column, numbers[key] ?? null]] as const;
    });
    return [file, Object.fromEntries(extended)] as const;
  });
  return {
    ...line,
    seams,
    sequences: [...line.sequences, point.sequence],
    steps: [...line.steps, point.step],
    times: [...line.times, point.time],
    elapsed: [...line.elapsed, point.elapsed],
    metrics: Object.fromEntries(metrics),
  };
}

function mergeGoals(goals: Snapshot["goals"], added: Snapshot["goals"]): Snapshot["goals"] {
  const merged: { [file: string]: Snapshot["goals"][string] } = { ...goals };
  for (const [file, keys] of Object.entries(added)) merged[file] = { ...merged[file], ...keys };
  return merged;
}
