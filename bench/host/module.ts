// Host-only work with this module, on Deno and on Bun.

import { measure } from "./rows.ts";

await measure(async () => {
  const { Sandbox, Volume } = await import("../../mod.ts");
  const list = () => Array.fromAsync(Sandbox.list());
  let volume: Awaited<ReturnType<typeof Volume.create>> | undefined;
  const files = async () =>
    (volume ??= await Volume.get("bench").catch(() => Volume.create({ name: "bench" }))).fs;
  return {
    list,
    read: async (path) => (await files()).readFile(path),
    write: async (path, bytes) => (await files()).writeFile(path, bytes),
    open: async (path) => (await files()).open(path),
  };
});
