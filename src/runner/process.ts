import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Names one process for ever: a process id alone is used again by the system. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When it started, in a form that only this machine understands; `null` where the system does not tell. */
  readonly startTime: string | null;
}

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly startTime: string | null;
}

/** The identity of a process that lives now; `null` when there is none with that id. */
export function identify(pid: number): ProcessIdentity | null {
  const entry = readProcess(pid);
  return entry === null ? null : { host: hostname(), pid, startTime: entry.startTime };
}

/** Whether that very process still lives. One that has ended but was not reaped (a zombie) does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.host !== hostname()) return false;
  const entry = readProcess(identity.pid);
  if (entry === null) return false;
  return identity.startTime === null || entry.startTime === null || entry.startTime === identity.startTime;
}

/**
 * All processes that descend from `root`, without itself, and without `apart` and what descends from that. Empty on
 * Windows, where `taskkill` walks the tree.
 */
export function descendants(root: number, apart: number | null = null): ProcessEntry[] {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of listProcesses()) {
    const siblings = children.get(entry.parent);
    if (siblings) siblings.push(entry);
    else children.set(entry.parent, [entry]);
  }
  const found: ProcessEntry[] = [];
  const open = [root];
  for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
    for (const child of children.get(parent) ?? []) {
      if (child.pid === apart) continue;
      found.push(child);
      open.push(child.pid);
    }
    children.delete(parent);
  }
  return found;
}

/**
 * Processes whose environment holds exactly this entry (`NAME=value`). They belong to the tree even when they cut
 * themselves loose from it (double fork, new session). Only Linux lets us look; elsewhere the list is empty.
 */
export function processesWithEnvironment(entry: string): ProcessEntry[] {
  if (process.platform !== "linux") return [];
  return listProcesses().filter((candidate) => {
    try {
      const environment = readFileSync(`/proc/${candidate.pid}/environ`, "latin1");
      return `\0${environment}`.includes(`\0${entry}\0`);
    } catch {
      return false; // It ended, or it belongs to somebody else.
    }
  });
}

/**
 * Whether the terminal sends Ctrl-C to this process's whole group by itself, so that passing it on would double it.
 */
export function terminalSignalsGroup(): boolean {
  if (process.platform !== "linux") return process.stdin.isTTY === true;
  const fields = readStat("self");
  // Fields 5 and 8 of the manual page: process group, and the terminal's foreground group.
  return fields !== null && fields[2] === fields[5];
}

function listProcesses(): ProcessEntry[] {
  if (process.platform === "win32") return [];
  if (process.platform !== "linux") return listByPs(["-A"]);
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readProcess(Number(name));
    if (entry) entries.push(entry);
  }
  return entries;
}

function readProcess(pid: number): ProcessEntry | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (process.platform === "win32") return canBeSignalled(pid) ? { pid, parent: 0, startTime: null } : null;
  if (process.platform !== "linux") return listByPs(["-p", String(pid)])[0] ?? null;
  const fields = readStat(String(pid));
  if (fields === null || fields[0] === "Z" || fields[0] === "X") return null;
  return { pid, parent: Number(fields[1]), startTime: `${bootId()}:${fields[19]}` };
}

/** The fields of `/proc/PID/stat` after the command's name (which may hold anything): state, parent, group, … */
function readStat(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

let boot: string | undefined;

/** Start times count from the boot, so they mean something only together with it. */
function bootId(): string {
  if (boot === undefined) {
    try {
      boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    } catch {
      boot = "";
    }
  }
  return boot;
}

function listByPs(selection: readonly string[]): ProcessEntry[] {
  let text: string;
  try {
    text = execFileSync("ps", [...selection, "-o", "pid=,ppid=,stat=,lstart="], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 10_000,
    });
  } catch {
    return []; // `ps` says "no such process" by its exit code.
  }
  const entries: ProcessEntry[] = [];
  for (const line of text.split("\n")) {
    const [pid, parent, state, ...started] = line.trim().split(/\s+/);
    if (!pid || !parent || !state || state.startsWith("Z")) continue;
    entries.push({ pid: Number(pid), parent: Number(parent), startTime: started.join(" ") });
  }
  return entries;
}

function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
