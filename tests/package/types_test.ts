// The types of the package, as TypeScript and Bun's types see them, and the names
// that the root has.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { start } from "../support.ts";
import { installForBun, publish } from "./published.ts";

const root = join(import.meta.dirname!, "../..");
const released = await publish();
after(() => released.close());

const { MICROSANDBOX_BUILD_DIR, XDG_CACHE_HOME, HOME } = process.env;
/** Where tools/setup.sh installs TypeScript and the types of Bun. */
const tools = join(
  MICROSANDBOX_BUILD_DIR ?? join(XDG_CACHE_HOME ?? `${HOME}/.cache`, "microsandbox-build"),
  "types/node_modules",
);

test("what programs write passes the type checker of TypeScript with Bun's types", async () => {
  assert.ok(existsSync(tools), `there is no ${tools}: run tools/setup.sh`);
  installForBun(released);
  cpSync(join(root, "tests/package/consumer.ts"), join(released.home, "consumer.ts"));
  writeFileSync(
    join(released.home, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        lib: ["ESNext", "DOM"],
        target: "ESNext",
        module: "Preserve",
        moduleResolution: "bundler",
        typeRoots: [join(tools, "@types")],
        types: ["bun"],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        noPropertyAccessFromIndexSignature: true,
        verbatimModuleSyntax: true,
        noEmit: true,
      },
      files: ["consumer.ts"],
    }),
  );
  const { code, stdout } = await start(
    ["bun", join(tools, "typescript/bin/tsc"), "--project", released.home],
  ).ended;
  assert.equal(code, 0, stdout);
});

interface Documentation {
  nodes: Record<string, { symbols: Documented[] }>;
}

interface Documented {
  name: string;
  declarations: { jsDoc?: { tags?: { kind: string }[] } }[];
}

test("the root has few names, each of which has a category", () => {
  const json = execFileSync("deno", ["doc", "--json", "mod.ts"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  const { nodes }: Documentation = JSON.parse(json);
  const symbols = Object.values(nodes)[0]!.symbols;
  const hasCategory = ({ declarations }: Documented) =>
    declarations.some(({ jsDoc }) => jsDoc?.tags?.some(({ kind }) => kind === "category"));
  assert.deepEqual(symbols.filter((it) => !hasCategory(it)).map(({ name }) => name), []);
  assert.ok(symbols.length > 50 && symbols.length <= 120, `the root has ${symbols.length} names`);
});
