// Every program that the documentation shows runs as it stands there, with the
// test image for the one that it names.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, test } from "node:test";
import { command, start } from "../support.ts";

const root = `${import.meta.dirname}/../..`;
const directory = mkdtempSync("/tmp/microsandbox-docs-");
after(() => rmSync(directory, { recursive: true, force: true }));

const files = [
  "README.md",
  "mod.ts",
  ...["docs", "src", "ffi"].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { encoding: "utf8", recursive: true })
      .filter((name) => /\.(md|ts)$/.test(name))
      .map((name) => `${folder}/${name}`)
  ),
];

/** The programs that a file shows; in source files they stand in comments. */
function programs(file: string): string[] {
  const text = readFileSync(`${root}/${file}`, "utf8").replaceAll(/^ *\* ?/gm, "");
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!);
}

let count = 0;
for (const file of files) {
  for (const program of programs(file)) {
    const path = `${directory}/${++count}.ts`;
    test(`${file} shows a program that works (${count})`, async () => {
      writeFileSync(
        path,
        program
          .replaceAll('"@x/microsandbox"', JSON.stringify(`${root}/mod.ts`))
          .replaceAll("alpine:3.22", process.env["MICROSANDBOX_TEST_IMAGE"]!),
      );
      const ended = await start(command(path, ["--no-prompt", "--allow-all"])).ended;
      assert.equal(ended.code, 0, ended.stderr);
    });
  }
}

test("the documentation shows programs", () => assert.ok(count > 3));
