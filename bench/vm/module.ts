// What this module does in a microVM, on Deno and on Bun.

import process from "node:process";
import { Sandbox } from "../../mod.ts";
import { measure } from "./rows.ts";

const image = process.env["MICROSANDBOX_TEST_IMAGE"]!;
let sandbox: Sandbox;

await measure({
  create: async () =>
    sandbox = await Sandbox.create({ name: `bench-${process.pid}`, image, memoryMiB: 512 }),
  exec: (command, args) => sandbox.exec(command, { args }),
  swallow: (stdin) => sandbox.shell("cat >/dev/null", { stdin }),
  write: (path, bytes) => sandbox.fs.writeFile(path, bytes),
  read: (path) => sandbox.fs.readFile(path),
  remove: () => sandbox.destroy({ force: true }),
});
