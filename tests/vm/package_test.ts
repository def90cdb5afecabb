// From the released package to a running sandbox, as a user goes that way.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { activities, toFlags } from "../../src/host/activities.ts";
import { installForBun, publish } from "../package/published.ts";
import { start } from "../support.ts";

const isBun = "Bun" in globalThis;

test("the released package installs itself and boots a sandbox", async (context) => {
  const released = await publish();
  context.after(() => released.close());
  const cache = join(released.home, "cache/microsandbox");
  const places = {
    library: join(cache, released.libraryName),
    cache,
    cacheVariables: ["XDG_CACHE_HOME", "HOME"],
    hosts: [released.host],
    msb: "",
  };
  const specifier = isBun ? "@x/microsandbox" : `${released.url}mod.ts`;
  if (isBun) installForBun(released);
  const program = join(released.home, "program.ts");
  writeFileSync(
    program,
    `import { Sandbox } from "${specifier}";
    const image = ${JSON.stringify(process.env["MICROSANDBOX_TEST_IMAGE"])};
    await using sandbox = await Sandbox.create({ image });
    console.log((await sandbox.shell("echo it runs")).text().trim());`,
  );
  const deno = [
    ...["env", "deno", "run", "--quiet", "--no-prompt", "--no-check"],
    ...["--no-config", `--allow-import=${released.host}`],
  ];
  // On Deno a second run shows that installing needs permissions, and using none
  // of them.
  for (const activity of isBun ? ["install"] as const : ["install", "use"] as const) {
    const flags = toFlags(activities[activity].permissions(places));
    const command = isBun ? ["env", "bun", "run"] : [...deno, ...flags];
    const { MSB_HOME: _, ...environment } = released.environment;
    const ended = await start([...command, program], environment).ended;
    assert.equal(ended.stdout, "it runs\n", ended.stderr);
    assert.equal(ended.code, 0, ended.stderr);
  }
  assert.equal(released.downloads.length, 1);
});
