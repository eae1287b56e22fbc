/**
 * Ask Savepoint for a training checkpoint. One file, no dependency, Node 18 or newer.
 *
 * Copy this file beside your training script. After each epoch, when the files to keep are written:
 *
 *     import { makeCheckpoint } from "./savepoint.mjs";
 *     makeCheckpoint({ step: epoch, total: epochs });
 *
 * The call blocks until Savepoint holds a consistent copy of the stage's outputs. Outside Savepoint it returns at once
 * and does nothing: the script runs unchanged anywhere. With several processes, call it in one of them.
 *
 * Work that must not be done twice is a step with a key, see `once`:
 *
 *     const words = await once("tokenize", tokenize, { inputs: ["corpus.txt"], outputs: ["tokens.bin"] });
 *
 * A decision that a person takes, now or days later, see `ask`:
 *
 *     if (!ask("Accuracy is 0.71. Go on?", { id: "go-on" })) …
 */

import { createHash, randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";

const shortestPauseMs = 1;
const longestPauseMs = 20;
// A listener renews its heartbeat every second.
const silenceBeforeNoticeMs = 5000;
const longestFileName = 180;
// What sysexits.h calls a temporary failure: Savepoint takes it for a question that waits for its answer.
const tryAgainLater = 75;

/**
 * @typedef {object} CheckpointResult What became of a request.
 * @property {boolean} ok False when the checkpoint was asked for and not recorded.
 * @property {string | null} checkpoint What to call it, such as "amber-heron@12"; null when nobody said.
 * @property {string | null} error Why it was not recorded.
 */

/** Whether this process continues from an earlier checkpoint. */
export function isResumed() {
  return process.env.DVCLIVE_RESUME === "1" || resumedStep() !== null;
}

/**
 * The step of the checkpoint that this process continues from; null on a fresh start or when it had no step.
 * @returns {number | null}
 */
export function resumedStep() {
  const text = process.env.SAVEPOINT_RESUMED_STEP ?? "";
  return /^-?\d+$/.test(text) ? Number(text) : null;
}

/**
 * Which time the stage's code runs in this run, counted from 1: see `again` of {@link makeCheckpoint}.
 * @returns {number}
 */
export function iteration() {
  const text = process.env.SAVEPOINT_ITERATION ?? "";
  return /^\d+$/.test(text) ? Number(text) : 1;
}

/**
 * Asks for a training checkpoint and waits until it is taken. Never throws for what goes wrong in recording: that is
 * printed, and returned as `error`.
 * @param {object} [options]
 * @param {number} [options.step] Where the training stands: 12 of …
 * @param {number} [options.total] … 40.
 * @param {string} [options.name] A name for people, such as "warm-up done".
 * @param {Record<string, unknown>} [options.metrics] Numbers to show beside those of the stage's metrics files. NaN and
 *   infinities are sent as "NaN", "Infinity" and "-Infinity".
 * @param {Record<string, unknown>} [options.metadata] Anything else that JSON can hold.
 * @param {"now" | "stage-end"} [options.when] "stage-end" to have it recorded when the stage has ended.
 * @param {boolean} [options.latest] False for a checkpoint that a retry should not continue from.
 * @param {boolean} [options.again] True to have the stage run once more when it has ended, as a state machine does: see
 *   {@link iteration}. What was said last counts.
 * @param {number} [options.timeout] Seconds to wait at most; left out, it waits until Savepoint answers.
 * @returns {CheckpointResult}
 */
export function makeCheckpoint(options = {}) {
  if (!isListenedTo()) return { ok: true, checkpoint: null, error: null };
  /** @type {CheckpointResult} */
  let result;
  try {
    const { timeout, ...wanted } = options;
    result = resultOf(request(wanted, timeout));
  } catch (error) {
    // Hours of training must not end here, whatever it is.
    result = { ok: false, checkpoint: null, error: textOf(error) };
  }
  if (!result.ok) say(`training checkpoint not recorded: ${result.error}`);
  return result;
}

/**
 * Asks a person, and blocks until the answer is there, which may be days later. The state of the stage is recorded first,
 * so write all outputs before. Whoever answers when this process is gone resumes the run from there, on any machine: the
 * code runs up to this call again, which returns the answer at once.
 * @param {string} question What the person reads.
 * @param {object} [options]
 * @param {readonly string[]} [options.choices] The answer is one of these texts; with `multiple` a list of some of them,
 *   maybe empty.
 * @param {boolean} [options.multiple]
 * @param {"approve" | "choose" | "text"} [options.kind] "text" for a free text. Without it and without choices the answer
 *   is true or false.
 * @param {string} [options.id] The question's name, the same each time that the code asks; needed when its text changes.
 * @param {unknown} [options.default] What is returned where nobody can be asked: outside Savepoint, or when asking fails.
 * @param {number} [options.exitAfter] Seconds; then the process ends with status 75, and the run goes on when somebody has
 *   answered. Left out, it waits as long as it takes.
 * @param {number} [options.step] As for {@link makeCheckpoint}, like the other three.
 * @param {number} [options.total]
 * @param {Record<string, unknown>} [options.metrics]
 * @param {Record<string, unknown>} [options.metadata]
 * @returns {any}
 */
export function ask(question, options = {}) {
  const { choices, multiple, id, default: otherwise = null, exitAfter, ...rest } = options;
  const { kind = choices === undefined ? "approve" : "choose", ...wanted } = rest;
  const answered = answerAtStart(id ?? question);
  if (answered !== null) return answered.answer;
  if (!isListenedTo()) return otherwise;
  let answer;
  try {
    const asked = { id, question, kind, choices, multiple: multiple || undefined };
    answer = request({ ...wanted, ask: asked }, exitAfter);
  } catch (error) {
    if (error instanceof TimeoutError) {
      say("nobody answered yet, so this process ends. The run goes on from here when somebody has answered.");
      process.exit(tryAgainLater);
    }
    // The training goes on without.
    say(`the question could not be asked: ${textOf(error)}`);
    return otherwise;
  }
  if (answer.answer !== undefined) return answer.answer;
  say(`the question was not answered${answer.error ? `: ${answer.error}` : ""}`);
  return otherwise;
}

/** The answer with which this run was resumed, if it is to this question. It counts once. */
function answerAtStart(name) {
  let answered = null;
  try {
    answered = JSON.parse(process.env.SAVEPOINT_ANSWER ?? "");
  } catch {
    // None, or not one of Savepoint's.
  }
  if (answered?.id !== name || answered.answer === undefined) return null;
  delete process.env.SAVEPOINT_ANSWER;
  return answered;
}

/**
 * Does a step of the stage's work, unless it is done already, and gives its result. A step that ended is written down in
 * a folder, which dvc.yaml must name as an output of the stage:
 *
 *     outs:
 *       - steps: {checkpoint: true}
 *
 * So the steps that are done belong to each training checkpoint, and go back with it. A fresh run starts with none; with
 * `{persist: true}` instead they are kept from run to run. A step is done again when its inputs, values or outputs changed.
 *
 * Of several processes that come to a step at the same time one does it, and the others get its result. Outside of a
 * stage the work is simply done.
 * @template Result
 * @param {string} key What the step is called, such as "fold-3/tokenize"; one step has one key.
 * @param {() => Result | Promise<Result>} work What to do. Its result must be something that JSON can hold. When it
 *   throws, the step is not done.
 * @param {object} [options]
 * @param {readonly string[]} [options.inputs] Files and folders that the step reads; their content counts.
 * @param {unknown} [options.values] What else it depends on: parameters, a version of its code. Anything that JSON can
 *   hold.
 * @param {readonly string[]} [options.outputs] Files and folders that the step writes. If they are not there as they
 *   were, the step is done again.
 * @param {string} [options.folder] Where the steps of this stage are written down; "steps" if left out.
 * @param {boolean} [options.checkpoint] False to make no training checkpoint of the step's end: it is safe at the next one.
 * @returns {Promise<Result>}
 */
export async function once(key, work, options = {}) {
  const { inputs = [], values = null, outputs = [], folder = "steps", checkpoint = true } = options;
  const name = `${encodeURIComponent(key).replace(/[!'()*]/g, percent)}.step.json`;
  if (key === "" || name.length > longestFileName) {
    throw new Error(`the key of a step must be short and not empty, but is ${JSON.stringify(key)}`);
  }
  const where = callSite();
  if (!process.env.DVC_ROOT || !isOutput(folder)) return work();
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  const release = await takeLock(path, key);
  let record;
  try {
    const needs = { values: asStored(values), inputs: hashAll(inputs) };
    record = readJson(path);
    const changed = record === null ? null : whatChanged(record, key, needs, outputs);
    if (record !== null && changed === null) {
      say(`step "${key}" is done already`);
      return record.result;
    }
    if (changed !== null) say(`step "${key}" is done again: ${changed}`);
    // What is begun again is not done, whatever becomes of it.
    rmSync(path, { force: true });
    const started = performance.now();
    const result = await work();
    try {
      record = {
        ...{ savepoint: "step", version: 1, key, where, ...needs, outputs: hashMade(outputs) },
        finishedAt: new Date().toISOString().replace(/\.\d+/, ""),
        seconds: Math.round(performance.now() - started) / 1000,
        result: asStored(result),
      };
      writeJson(path, record);
    } catch (error) {
      // The work is done, and its result is needed.
      say(`step "${key}" can't be kept, so it will be done again: ${textOf(error)}`);
      return result;
    }
  } finally {
    release();
  }
  if (checkpoint) makeCheckpoint({ name: key });
  return record.result;
}

/** Whether the folder goes back with a checkpoint. If not, steps in it would be believed that were never done. */
function isOutput(folder) {
  const known = process.env.SAVEPOINT_OUTPUTS;
  if (known === undefined) return true;
  const path = existsSync(folder) ? realpathSync(folder) : join(realpathSync("."), folder);
  if (known.split("\n").some((output) => path === output || path.startsWith(output + sep))) return true;
  say(
    "no step is skipped, since dvc.yaml does not name the folder of steps as an output of this stage. " +
      `Add to its outs:  - ${folder}: {checkpoint: true}`,
  );
  return false;
}

/** Why a step that was done must be done again, for people; `null` when it need not. */
function whatChanged(record, key, needs, outputs) {
  if (record?.version !== 1 || record.key !== key || record.result === undefined) {
    return "its record can't be read";
  }
  if (!isDeepStrictEqual(record.values, needs.values)) return "its values changed";
  for (const [kind, found] of [
    ["inputs", needs.inputs],
    ["outputs", hashAll(outputs)],
  ]) {
    const before = record[kind] ?? {};
    if (!isDeepStrictEqual(Object.keys(before).sort(), Object.keys(found).sort()))
      return `it has other ${kind}`;
    const path = Object.keys(found).find((name) => before[name] !== found[name]);
    if (path !== undefined) return `${path} ${found[path] === null ? "is missing" : "changed"}`;
  }
  return null;
}

/** A value as a later run will read it. */
function asStored(value) {
  const text = JSON.stringify(value ?? null, (_key, item) => {
    if (typeof item === "number" && !Number.isFinite(item)) throw new Error(`JSON has no ${item}`);
    return plain(_key, item);
  });
  if (text === undefined) throw new Error(`JSON can't hold a ${typeof value}; write it to an output`);
  return JSON.parse(text);
}

function hashMade(outputs) {
  const made = hashAll(outputs);
  const missing = Object.keys(made).find((path) => made[path] === null);
  if (missing !== undefined) throw new Error(`it made no ${missing}`);
  return made;
}

function hashAll(paths) {
  return Object.fromEntries([paths].flat().map((path) => [path, hash(path)]));
}

/** Of a file's content, or of the names and contents in a folder; `null` when there is neither. */
function hash(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return `sha256:${hashFile(path)}`;
  if (!stats?.isDirectory()) return null;
  const total = createHash("sha256");
  for (const name of filesBelow(path).sort()) total.update(`${name}\0${hashFile(join(path, name))}\n`);
  return `sha256:${total.digest("hex")}.dir`;
}

function filesBelow(folder, top = folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, top);
    return statSync(path, { throwIfNoEntry: false })?.isFile()
      ? [relative(top, path).replaceAll(sep, "/")]
      : [];
  });
}

function hashFile(path) {
  const total = createHash("sha256");
  const block = Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let length = -1; length !== 0; ) {
      length = readSync(file, block);
      total.update(block.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return total.digest("hex");
}

/** What is in a file: `null` when it is not there, `undefined` when it can't be read. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return error.code === "ENOENT" ? null : undefined;
  }
}

/** Whole or not at all, whoever dies meanwhile. Only one process writes to a path at a time. */
function writeJson(path, value) {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  try {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/**
 * Lets one process at a time into a step, and gives what lets the next one in. Locks are numbered: whoever makes the one
 * after the last has it, if the owner of the last is gone. So the lock of a process that was killed is never removed from
 * under another one that took it over.
 */
async function takeLock(path, key) {
  const folder = join(process.env.DVC_ROOT ?? "", ".dvc", "tmp", "savepoint", "steps");
  mkdirSync(folder, { recursive: true });
  const identity = join(realpathSync(join(path, "..")), basename(path));
  const lock = join(folder, `${createHash("sha256").update(identity).digest("hex").slice(0, 32)}.lock`);
  const ticket = `${lock}.${randomUUID()}.tmp`;
  writeFileSync(ticket, `${process.env.SAVEPOINT_RUN ?? ""} ${process.pid}`);
  try {
    for (let isNoticed = false; ; ) {
      let last = 0;
      let owner = null;
      for (let text = lockText(`${lock}.1`); text !== null; text = lockText(`${lock}.${last + 1}`)) {
        owner = text;
        last += 1;
      }
      if ((owner === null || !isAlive(owner)) && publish(ticket, `${lock}.${last + 1}`)) {
        return () => {
          for (let number = 1; number <= last + 1; number++) rmSync(`${lock}.${number}`, { force: true });
        };
      }
      if (owner !== null && !isNoticed) {
        isNoticed = true;
        say(`process ${owner.split(" ")[1]} does step "${key}"; waiting`);
      }
      await delay(longestPauseMs);
    }
  } finally {
    rmSync(ticket, { force: true });
  }
}

function lockText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Whether the owner of a lock is at work. One of an earlier run is not, even if its number was given to another process. */
function isAlive(owner) {
  const [run, id] = owner.split(" ");
  if (run !== (process.env.SAVEPOINT_RUN ?? "")) return false;
  try {
    process.kill(Number(id), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Where the code calls `once`: `train.mjs:42`. */
function callSite() {
  const line = new Error().stack?.split("\n")[3] ?? "";
  const [, place = "", number = ""] = /([^\s()]+):(\d+):\d+\)?$/.exec(line) ?? [];
  return `${basename(place.startsWith("file:") ? fileURLToPath(place) : place)}:${number}`;
}

function percent(character) {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function isListenedTo() {
  return Boolean(process.env.DVC_ROOT) && process.env.DVC_CHECKPOINT !== undefined;
}

/** Sends a request to Savepoint, and gives the answer, which is empty when there was none. */
function request(wanted, timeout) {
  const folder = join(process.env.DVC_ROOT ?? "", ".dvc", "tmp");
  return exchange(folder, { v: 1, id: randomUUID(), ...wanted }, new Patience(timeout));
}

function textOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Leaves the request, waits until Savepoint has removed it, and reads the answer. */
function exchange(folder, request, patience) {
  const signal = join(folder, "DVC_CHECKPOINT");
  const temporary = `${signal}.${request.id}.tmp`;
  const text = encode(request);
  let identity;
  try {
    try {
      writeFileSync(temporary, text);
    } catch {
      // An empty request fits on a full disk, and Savepoint can tell the user.
      writeFileSync(temporary, "");
    }
    identity = statSync(temporary, { bigint: true }).ino;
    // Another process of this project may be waiting for its own checkpoint: after you.
    while (!publish(temporary, signal)) patience.wait();
  } finally {
    rmSync(temporary, { force: true });
  }
  try {
    while (isStillThere(signal, identity)) patience.wait();
  } catch (error) {
    // Taken later, it would show files that the training is writing by then.
    rmSync(signal, { force: true });
    throw error;
  }
  patience.end();
  return readAnswer(`${signal}.result`, request.id);
}

/** Makes the complete request appear under the signal's name, unless another one is there. */
function publish(temporary, signal) {
  try {
    linkSync(temporary, signal);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    // A file system without hard links. Here two processes that start in the same instant could collide.
    if (existsSync(signal)) return false;
    renameSync(temporary, signal);
  }
  return true;
}

function isStillThere(signal, identity) {
  try {
    return statSync(signal, { bigint: true, throwIfNoEntry: false })?.ino === identity;
  } catch (error) {
    // Windows refuses to look while a deletion is under way.
    if (error.code === "EPERM" || error.code === "EACCES" || error.code === "EBUSY") return true;
    throw error;
  }
}

/** The answer to a request; empty when there is none, as with DVC 2, or only that to another one. */
function readAnswer(path, requestId) {
  const answer = readJson(path);
  return typeof answer === "object" && answer !== null && (answer.id ?? requestId) === requestId
    ? answer
    : {};
}

/** The signal is gone, so the work is safe unless the answer says otherwise. */
function resultOf(answer) {
  if (answer.ok === false) {
    return { ok: false, checkpoint: null, error: String(answer.error || "no reason was given") };
  }
  return { ok: true, checkpoint: answer.checkpoint ?? null, error: null };
}

/** Nobody answered in the time that the caller gave. */
class TimeoutError extends Error {}

/** Waits in small steps that grow, up to a limit; says so once when nobody seems to listen. */
class Patience {
  #timeoutMs;
  #started = performance.now();
  #pauseMs = shortestPauseMs;
  #heartbeat = lastHeartbeat();
  #heard = this.#started;
  #noticed = false;
  #cell = new Int32Array(new SharedArrayBuffer(4));

  /** @param {number | undefined} timeout Seconds. */
  constructor(timeout) {
    this.#timeoutMs = timeout === undefined ? Number.POSITIVE_INFINITY : timeout * 1000;
  }

  wait() {
    const now = performance.now();
    if (now - this.#started >= this.#timeoutMs)
      throw new TimeoutError(`nobody answered within ${this.#timeoutMs / 1000} s`);
    this.#listen(now);
    Atomics.wait(this.#cell, 0, 0, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 1.2, longestPauseMs);
  }

  end() {
    if (this.#noticed) say("Savepoint listens again; training goes on.");
  }

  /** Whether the heartbeat changes is looked at, not how old it is: clocks may differ, be set, or stop in sleep. */
  #listen(now) {
    const heartbeat = lastHeartbeat();
    if (heartbeat !== this.#heartbeat) {
      this.#heartbeat = heartbeat;
      this.#heard = now;
    } else if (
      !this.#noticed &&
      process.env.SAVEPOINT_HEARTBEAT &&
      now - this.#heard >= silenceBeforeNoticeMs
    ) {
      this.#noticed = true;
      say(
        "nobody listens for training checkpoints, so the training waits. Reopen the project in VS Code: " +
          "the checkpoint is taken and the training goes on. (Ctrl-C ends it; what is recorded is safe.)",
      );
    }
  }
}

function lastHeartbeat() {
  try {
    return statSync(process.env.SAVEPOINT_HEARTBEAT ?? "", { bigint: true }).mtimeNs;
  } catch {
    return null;
  }
}

/** Strict JSON. A value that can't be sent costs the metrics and metadata, never the checkpoint. */
function encode(request) {
  try {
    return JSON.stringify(request, plain);
  } catch (error) {
    say(`metrics and metadata left out of the checkpoint: ${error.message}`);
    return JSON.stringify({ ...request, metrics: undefined, metadata: undefined }, plain);
  }
}

function plain(_key, value) {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  return value;
}

function say(text) {
  try {
    writeSync(2, `savepoint: ${text}\n`);
  } catch {
    // Nobody reads any more: a pipe whose end was killed, a terminal that is gone.
  }
}
