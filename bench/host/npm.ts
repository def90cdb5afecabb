// Host-only work with the official npm package, on Deno, Bun or Node.

import process from "node:process";
import { measure } from "./rows.ts";

await measure(async () => {
  const { Sandbox, Volume } = await import(process.env["MICROSANDBOX_BENCH_NPM"]!);
  // deno-lint-ignore no-explicit-any
  let volume: any;
  const files = async () =>
    (volume ??= await Volume.get("bench").catch(() => Volume.builder("bench").directory().create()))
      .fs();
  return {
    // deno-lint-ignore no-explicit-any
    list: () => Sandbox.listWith((page: any) => page.limit(100)),
    read: async (path) => (await files()).read(path),
    write: async (path, bytes) => (await files()).write(path, bytes),
    open: async (path) => (await files()).readStream(path),
  };
});
// Its threads keep the program.
process.exit(0);
