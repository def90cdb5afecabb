// What the official npm package does in a microVM, on Deno and on Bun. A command
// that reads megabytes from its standard input (execWith and stdinBytes) does not
// end with 0.6.18, so that row is left out.

import process from "node:process";
import { measure } from "./rows.ts";

const { Sandbox } = await import(process.env["MICROSANDBOX_BENCH_NPM"]!);
const image = process.env["MICROSANDBOX_TEST_IMAGE"];
const name = `bench-${process.pid}`;
// deno-lint-ignore no-explicit-any
let sandbox: any;

await measure({
  create: async () => sandbox = await Sandbox.builder(name).image(image).memory(512).create(),
  exec: (command, args) => sandbox.exec(command, args),
  write: (path, bytes) => sandbox.fs().write(path, bytes),
  read: (path) => sandbox.fs().read(path),
  remove: async () => {
    await sandbox.kill();
    await Sandbox.remove(name);
  },
});
// Its threads keep the program.
process.exit(0);
