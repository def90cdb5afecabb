// docs/conformance.md names tests that exist, and each test of upstream once.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const root = `${import.meta.dirname}/../..`;

/** The rows below a heading, and how many the heading announces. */
interface Section {
  title: string;
  count: number;
  rows: string[][];
}

function sections(): Section[] {
  const [, ...parts] = readFileSync(`${root}/docs/conformance.md`, "utf8").split(/^## /m);
  return parts.map((part) => {
    const [title, ...lines] = part.split("\n");
    const rows = lines
      .filter((line) => line.startsWith("|"))
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
      // Without the table's head and the line below it.
      .slice(2);
    return { title: title!, count: Number(/: (\d+) tests/.exec(title!)?.[1]), rows };
  });
}

/** What the names of a file's tests have to look like: some are put together when it runs. */
function namesOfTests(file: string): RegExp[] {
  const source = readFileSync(`${root}/tests/${file}`, "utf8");
  return [...source.matchAll(/\btest\(\s*(?:"((?:\\.|[^"\\])*)"|`([^`]*)`)/g)].map((match) => {
    const parts = (match[1] ?? match[2]!).replaceAll('\\"', '"').split(/\$\{[^}]*\}/);
    const literal = parts.map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${literal.join(".+")}$`);
  });
}

for (const { title, count, rows } of sections()) {
  test(`each row of ${title} says what of upstream, which test and with what result`, () => {
    assert.equal(rows.length, count);
    for (const row of rows) {
      assert.equal(row.length, 3, row.join(" | "));
      const [upstream, ours, result] = row;
      assert.match(upstream!, /^`[\w.]+`: \S/);
      assert.match(result!, /^pass$|^pass, except .+\.$|^[A-Z].+\.$/);
      if (result!.startsWith("pass")) assert.notEqual(ours, "–", upstream);
    }
  });

  test(`no test of upstream is twice in ${title}`, () => {
    const names = rows.map(([upstream]) => upstream);
    assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  });

  test(`the tests exist that ${title} names`, () => {
    for (const [upstream, ours] of rows) {
      if (ours === "–") continue;
      for (const named of ours!.split("<br>")) {
        const [, file, name] = /^`([^`]+)`: (.+)$/.exec(named) ?? assert.fail(named);
        assert.ok(
          namesOfTests(file!).some((pattern) => pattern.test(name!)),
          `${upstream}: ${file} has no test named ${name}`,
        );
      }
    }
  });
}

test("the page has a table for each of the official SDKs", () => {
  assert.deepEqual(sections().map(({ title }) => title.split(":")[0]), [
    "Python",
    "Node",
    "Go",
    "Ruby",
  ]);
});
