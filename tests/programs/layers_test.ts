// Imports go one way, as the table in docs/architecture.md says.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname!, "../..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
const section = /^## Layers of the TypeScript\n(.*?)^## /ms.exec(page)![1]!;

/** The files and folders of each row, from the top of the table to its bottom. */
const layers = [...section.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => quoted(cell!));

/** What stands between backticks. */
function quoted(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

/** The row of the table that a file belongs to, or -1. */
function layerOf(file: string): number {
  return layers.findIndex((names) => names.includes(file) || names.includes(`${dirname(file)}/`));
}

/** The files that a file imports, as values or as types, at once or later. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  const patterns = [
    /^(?:import|export)\s[^;"]*?from\s+"(\.[^"]+)"/gm,
    /^import\s+"(\.[^"]+)"/gm,
    /\bimport\(\s*"(\.[^"]+)"/g,
  ];
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map(([, name]) => normalize(join(dirname(file), name!)));
}

const files = [
  ...readdirSync(root, { encoding: "utf8" }),
  ...["src", "ffi"].flatMap((folder) =>
    readdirSync(join(root, folder), { encoding: "utf8", recursive: true })
      .map((file) => `${folder}/${file}`)
  ),
].filter((file) => file.endsWith(".ts"));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

/** All files that a file needs, directly or not. */
function needs(file: string, found = new Set<string>()): Set<string> {
  for (const other of imports.get(file) ?? []) {
    if (found.has(other)) continue;
    found.add(other);
    needs(other, found);
  }
  return found;
}

test("every file has a layer, and every layer has files", () => {
  assert.deepEqual(files.filter((file) => layerOf(file) === -1), []);
  const used = new Set(files.map(layerOf));
  assert.deepEqual(layers.filter((_, index) => !used.has(index)), []);
});

test("every import leads to a file of the module", () => {
  const strays = [...imports].flatMap(([file, others]) =>
    others.filter((other) => !imports.has(other)).map((other) => `${file} imports ${other}`)
  );
  assert.deepEqual(strays, []);
  // A pattern that finds nothing would let everything pass.
  assert.ok(importsOf("mod.ts").includes("src/sandbox/sandbox.ts"));
  assert.ok(importsOf("ffi/library/library.ts").includes("ffi/bun.ts"));
});

test("no import runs upwards", () => {
  const upwards = [...imports].flatMap(([file, others]) =>
    others
      .filter((other) => layerOf(other) < layerOf(file))
      .map((other) => `${file} imports ${other}`)
  );
  assert.deepEqual(upwards, []);
});

test("the only circle is the one that the page names", () => {
  const circles = files.filter((file) => needs(file).has(file)).sort();
  const named = quoted(/A circle of imports.*/s.exec(section)![0]);
  assert.deepEqual(circles, named);
  assert.equal(new Set(named.map(dirname)).size, 1);
});
