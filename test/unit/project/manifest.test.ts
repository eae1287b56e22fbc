/** Holds the manifest against the contract: what one names, the other must know. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type ContextKeys,
  commandIds,
  type ProjectsState,
  type Settings,
  taskType,
  viewIds,
  walkthroughId,
} from "../../../src/contract.ts";

const root = join(import.meta.dirname, "../../..");

interface Command {
  readonly command: string;
  readonly category?: string;
  readonly title: string;
  readonly icon?: string;
  readonly enablement?: string;
}

interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Step {
  readonly id: string;
  readonly media: { readonly svg?: string; readonly markdown?: string; readonly image?: string };
  readonly completionEvents: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly icon: string;
  readonly engines: { readonly vscode: string };
  readonly activationEvents: readonly string[];
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly menus: { readonly [place: string]: readonly MenuItem[] };
    readonly viewsContainers: {
      readonly [place: string]: readonly { readonly id: string; readonly icon: string }[];
    };
    readonly views: {
      readonly [container: string]: readonly { readonly id: string; readonly icon: string }[];
    };
    readonly viewsWelcome: readonly { readonly view: string; readonly when: string }[];
    readonly configuration: {
      readonly properties: {
        readonly [key: string]: { readonly default?: unknown; readonly scope?: string };
      };
    };
    readonly taskDefinitions: readonly { readonly type: string; readonly when?: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
  };
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(join(root, path), "utf8")) as Content;
}

const manifest = readJson<Manifest>("package.json");
const texts = readJson<{ readonly [key: string]: string }>("package.nls.json");
const { contributes } = manifest;
const menuItems = Object.values(contributes.menus).flat();
const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);

// The mapped types make the compiler complain when the contract gains or loses a name.
const contextKeys: { readonly [Key in keyof ContextKeys]: true } = {
  "savepoint.state": true,
  "savepoint.pipelineState": true,
  "savepoint.hasExperiments": true,
  "savepoint.isRunning": true,
  "savepoint.needsDecision": true,
  "savepoint.hasQuestions": true,
  "savepoint.queued": true,
  "savepoint.queueState": true,
  "savepoint.selected": true,
  "savepoint.changesDiff": true,
};
const settings: { readonly [Key in keyof Settings]: true } = {
  "savepoint.codeLens.pipeline": true,
  "savepoint.codeLens.source": true,
  "savepoint.codeLens.load": true,
  "savepoint.codeLens.params": true,
  "savepoint.codeLens.log": true,
  "savepoint.codeLens.patterns": true,
  "savepoint.hover.enabled": true,
  "savepoint.gutter.checkpoints": true,
  "savepoint.inlayHints.bestValue": true,
  "savepoint.statusBar.visible": true,
  "savepoint.resume.preview": true,
  "savepoint.experiments.metric": true,
  "savepoint.experiments.recentCheckpoints": true,
  "savepoint.terminal.reveal": true,
  "savepoint.stop.interruptSeconds": true,
  "savepoint.stop.terminateSeconds": true,
};
const states: { readonly [State in ProjectsState]: true } = {
  loading: true,
  "no-folder": true,
  "no-git": true,
  "no-repository": true,
  "no-commit": true,
  "no-pipeline": true,
  unavailable: true,
  ready: true,
};

/** Context keys of VS Code itself that our clauses may use. */
const foreignKeys = [
  "activeEditor",
  "false",
  "isWorkspaceTrusted",
  "resourceFilename",
  "view",
  "viewItem",
  "workspaceFolderCount",
];

/** Every `when` clause of the manifest, and every enablement. */
const clauses = [
  ...menuItems.map((item) => item.when),
  ...contributes.commands.map((command) => command.enablement),
  ...contributes.viewsWelcome.map((welcome) => welcome.when),
  ...contributes.taskDefinitions.map((definition) => definition.when),
  ...steps.flatMap((step) =>
    step.completionEvents
      .filter((event) => event.startsWith("onContext:"))
      .map((event) => event.slice("onContext:".length)),
  ),
].filter((clause) => clause !== undefined);

/** The terms of a clause: `key`, and what it is compared with, if it is. */
function termsOf(clause: string): readonly { readonly key: string; readonly value: string | null }[] {
  return clause.split(/&&|\|\|/).map((term) => {
    const [key = "", value] = term
      .trim()
      .replace(/^!?\(?/, "")
      .split(/\s*(?:==|!=|=~|>=|<=|>|<)\s*/);
    return { key, value: value ?? null };
  });
}

/** All strings anywhere inside a value. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(stringsIn) : [];
}

test("commands are those of the contract", () => {
  assert.deepEqual(contributes.commands.map((command) => command.command).sort(), [...commandIds].sort());
});

test("every command has the category by which the palette groups it", () => {
  for (const command of contributes.commands) assert.equal(command.category, "Savepoint", command.command);
});

test("menus name commands of the contract only", () => {
  const known: readonly string[] = commandIds;
  assert.deepEqual(
    menuItems.flatMap(({ command }) => command ?? []).filter((command) => !known.includes(command)),
    [],
  );
});

test("commands that stand in a row as an icon have one", () => {
  const withIcon = contributes.commands.filter((command) => command.icon).map((command) => command.command);
  for (const item of menuItems.filter(({ group }) => /^(inline|navigation)/.test(group ?? ""))) {
    assert.ok(withIcon.includes(item.command), item.command);
  }
});

test("icons are codicons, or files of the package", () => {
  const style = readFileSync(join(root, "node_modules/@vscode/codicons/dist/codicon.css"), "utf8");
  for (const { icon } of contributes.commands.filter((command) => command.icon)) {
    const name = /^\$\(([\w-]+)\)$/.exec(icon ?? "")?.[1];
    assert.ok(name && style.includes(`.codicon-${name}:before`), icon);
  }
  const views = Object.values(contributes.views).flat();
  const containers = Object.values(contributes.viewsContainers).flat();
  for (const icon of [manifest.icon, ...[...views, ...containers].map((place) => place.icon)]) {
    assert.ok(existsSync(join(root, icon)), icon);
  }
});

test("files that it names are there", () => {
  const files = stringsIn(manifest).filter((text) => text.startsWith("media/"));
  assert.ok(files.length > 5);
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
});

test("views are those of the contract", () => {
  const views = Object.values(contributes.views).flat();
  const known: readonly string[] = Object.values(viewIds);
  assert.deepEqual(views.map((view) => view.id).sort(), [...known].sort());
  for (const { view } of contributes.viewsWelcome) assert.ok(known.includes(view), view);
});

test("settings are those of the contract, each with default and scope", () => {
  const { properties } = contributes.configuration;
  assert.deepEqual(Object.keys(properties).sort(), Object.keys(settings).sort());
  for (const [key, property] of Object.entries(properties)) {
    assert.notEqual(property.default, undefined, key);
    assert.ok(property.scope, key);
  }
});

test("clauses use context keys that exist, with values that they can have", () => {
  const views: readonly string[] = Object.values(viewIds);
  for (const clause of clauses) {
    for (const { key, value } of termsOf(clause)) {
      assert.ok(key in contextKeys || foreignKeys.includes(key), `${key} in: ${clause}`);
      if (key === "savepoint.state") assert.ok(value !== null && value in states, clause);
      if (key === "view") assert.ok(value !== null && views.includes(value), clause);
    }
  }
});

test("every text key has a text, and every text is used", () => {
  const used = stringsIn(manifest).flatMap((text) => /^%(.+)%$/.exec(text)?.[1] ?? []);
  assert.deepEqual([...new Set(used)].sort(), Object.keys(texts).sort());
});

test("links in texts lead to commands that exist", () => {
  const known: readonly string[] = commandIds;
  for (const text of Object.values(texts)) {
    for (const [, id = ""] of text.matchAll(/\(command:([\w.-]+)/g)) {
      assert.ok(!id.startsWith("savepoint.") || known.includes(id), id);
    }
  }
});

test("the walkthrough has the id of the contract, its pictures, and events that can happen", () => {
  const known: readonly string[] = commandIds;
  const ids = contributes.walkthroughs.map(({ id }) => `${manifest.publisher}.${manifest.name}#${id}`);
  assert.deepEqual(ids, [walkthroughId]);
  for (const step of steps) {
    const media = step.media.svg ?? step.media.markdown ?? step.media.image;
    assert.ok(media && existsSync(join(root, media)), `${step.id}: ${media}`);
    for (const event of step.completionEvents) {
      const command = /^onCommand:(.+)$/.exec(event)?.[1];
      if (command) assert.ok(known.includes(command), event);
    }
  }
});

test("the task type is the contract's, and activates the extension", () => {
  assert.deepEqual(
    contributes.taskDefinitions.map((definition) => definition.type),
    [taskType],
  );
  assert.ok(manifest.activationEvents.includes(`onTaskType:${taskType}`));
});

test("nothing activates the extension in windows that have no pipeline", () => {
  for (const event of manifest.activationEvents) {
    assert.doesNotMatch(event, /^\*$|^onStartupFinished$|\*\*/);
  }
});

test("types are those of the oldest VS Code that the extension runs in", () => {
  const types = readJson<{ readonly version: string }>("node_modules/@types/vscode/package.json");
  assert.equal(`^${types.version}`, manifest.engines.vscode);
});
