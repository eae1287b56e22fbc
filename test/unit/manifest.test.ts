import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commandIds, taskType, viewIds, walkthroughId } from "../../src/contract.ts";

const root = join(import.meta.dirname, "../..");
const text = readFileSync(join(root, "package.json"), "utf8");
const manifest = JSON.parse(text);
const words: { readonly [key: string]: string } = JSON.parse(
  readFileSync(join(root, "package.nls.json"), "utf8"),
);
const contract = readFileSync(join(root, "src/contract.ts"), "utf8");
const { contributes } = manifest;

interface ContributedCommand {
  readonly command: string;
  readonly title: string;
  readonly category: string;
}

describe("the manifest", () => {
  it("contributes the commands of the contract, and no others", () => {
    const contributed: readonly string[] = contributes.commands.map(
      ({ command }: ContributedCommand) => command,
    );
    assert.deepEqual([...contributed].sort(), [...commandIds].sort());
  });

  it("gives each command a category and a title", () => {
    for (const { command, title, category } of contributes.commands as readonly ContributedCommand[]) {
      assert.equal(category, "Savepoint", command);
      assert.ok(words[title.slice(1, -1)], `${command} has no title`);
    }
  });

  it("uses only commands that exist, in menus, welcome texts and walkthrough", () => {
    const used = [
      ...(text + JSON.stringify(words)).matchAll(
        /(?:"command": "|command:|onCommand:)(savepoint\.[A-Za-z.]+)/g,
      ),
    ].map(([, id]) => id ?? "");
    assert.ok(used.length > commandIds.length);
    const known: readonly string[] = commandIds;
    assert.deepEqual(
      used.filter((id) => !known.includes(id)),
      [],
    );
  });

  it("has the words for every key, and no words without one", () => {
    const keys = new Set([...text.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? ""));
    assert.deepEqual(
      [...keys].filter((key) => !(key in words)),
      [],
    );
    assert.deepEqual(
      Object.keys(words).filter((key) => !keys.has(key)),
      [],
    );
  });

  it("has the settings of the contract, each with a default and a scope", () => {
    const properties: { readonly [key: string]: { readonly default?: unknown; readonly scope?: string } } =
      contributes.configuration.properties;
    const declared = /interface Settings \{([\s\S]*?)\n\}/.exec(contract)?.[1] ?? "";
    const keys = [...declared.matchAll(/"(savepoint\.[A-Za-z.]+)"/g)].map(([, key]) => key ?? "");
    assert.ok(keys.length > 0);
    assert.deepEqual(Object.keys(properties).sort(), keys.sort());
    for (const [key, property] of Object.entries(properties)) {
      assert.notEqual(property.default, undefined, `${key} has no default`);
      assert.ok(property.scope, `${key} has no scope`);
    }
  });

  it("names only context keys of the contract in its conditions", () => {
    const conditions = [...text.matchAll(/"(?:when|enablement)": "([^"]*)"/g)].map(
      ([, condition]) => condition ?? "",
    );
    const declared = /interface ContextKeys \{([\s\S]*?)\n\}/.exec(contract)?.[1] ?? "";
    const keys = conditions.flatMap((condition) => condition.match(/savepoint\.[A-Za-z]+/g) ?? []);
    const views: readonly string[] = Object.values(viewIds);
    assert.ok(keys.length > 0);
    assert.deepEqual(
      [...new Set(keys)].filter((key) => !declared.includes(`"${key}"`) && !views.includes(key)),
      [],
    );
  });

  it("names files that are there", () => {
    const files = [...text.matchAll(/"(media\/[^"]+)"/g)].map(([, file]) => file ?? "");
    assert.ok(files.length > 5);
    assert.deepEqual(
      files.filter((file) => !existsSync(join(root, file))),
      [],
    );
  });

  it("has the task type and the walkthrough of the contract", () => {
    assert.equal(contributes.taskDefinitions[0].type, taskType);
    assert.equal(`${manifest.publisher}.${manifest.name}#${contributes.walkthroughs[0].id}`, walkthroughId);
  });
});
