/** Training code of the tests: calls the JavaScript client as the first argument says, and prints what it returns. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import {
  ask,
  isResumed,
  iteration,
  makeCheckpoint,
  once,
  resumedStep,
} from "../../../clients/javascript/savepoint.mjs";

const show = (result) => console.log(JSON.stringify(result));
const [scenario, writer, count] = process.argv.slice(2);

/** Writes an output in two parts, and can be held between them or made to fail. */
async function work() {
  appendFileSync("log", "begun\n");
  writeFileSync("output", "half");
  while (existsSync("hold")) await delay(10);
  if (existsSync("fail")) process.exit(3);
  writeFileSync("output", "whole");
  appendFileSync("log", "ended\n");
  return { tuple: [1, 2.5], text: 'naïve "x"\n', nothing: null };
}

if (scenario === "plain") show(makeCheckpoint());
if (scenario === "full") {
  show(
    makeCheckpoint({
      step: 12,
      total: 40,
      name: 'Epoche "fünf" \\ 猫\n\tEnde',
      metrics: { accuracy: 0.914, count: 3, loss: Number.NaN, up: Infinity, down: -Infinity },
      metadata: { "two words": "naïve" },
      when: "stage-end",
      latest: false,
      again: true,
    }),
  );
}
if (scenario === "types") {
  show(
    makeCheckpoint({
      step: 7n,
      metrics: { array: new Float64Array([1.5, Number.NaN]), map: new Map([["a", 2n ** 80n]]) },
      metadata: { set: new Set([5]) },
    }),
  );
}
if (scenario === "cycle") {
  const cycle = {};
  cycle.self = cycle;
  show(makeCheckpoint({ step: 8, metadata: cycle }));
}
if (scenario === "loop") {
  for (let step = 0; step < Number(count); step++) show(makeCheckpoint({ step, name: writer }));
}
if (scenario === "timeout") show(makeCheckpoint({ timeout: 1 }));
if (scenario === "iteration") show(iteration());
if (scenario === "resumed") show({ resumed: isResumed(), step: resumedStep() });
if (scenario === "once") {
  show(await once(writer, work, { inputs: ["input"], values: { v: count }, outputs: ["output"] }));
}
if (scenario === "unkept") {
  await once("function", () => () => 1);
  await once("nan", () => Number.NaN);
  show(await once("nothing", () => {}));
}
if (scenario === "long") await once("k".repeat(200), work);
if (scenario === "ask") {
  const options = { id: "go-on", step: 10, exitAfter: Number(writer), default: "none" };
  show([ask("Go on?", options), ask("Go on?", options)]);
}
if (scenario === "story") {
  await once("prepare", work, { outputs: ["output"] });
  writeFileSync("answer", JSON.stringify(ask("Go on?", { exitAfter: 1 })));
}
if (scenario === "choose") show(ask('Which "models"?', { choices: ["small", "large one"], multiple: true }));
if (scenario === "text") show(ask("Why?", { kind: "text" }));
