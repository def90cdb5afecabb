// The boundary alone: calls of this module that do nothing, on Deno and on Bun.

import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import { toError } from "../../src/failure.ts";
import { latency, rate, report } from "../report.ts";

const client = new Client(await loadLibrary(libraryPath()), toError);

/** How calls are answered: an echo begins, and so ends, on the caller's thread. */
const calls = {
  "echo": () => client.call("echo.call", {}),
  "through a thread": () => client.call("echo.statistics", {}),
};
for (const [how, call] of Object.entries(calls)) {
  // The first calls are for the just-in-time compilers.
  await rate(call, 64, 500);
  await latency(`call ${how}`, call, 1500);
  for (const inFlight of [1, 64, 1024]) {
    report(`calls ${how}, ${inFlight} in flight`, await rate(call, inFlight, 1500), "calls/s");
  }
}
for (
  const [name, length] of [["64 KiB", 65_536], ["1 MiB", 1_048_576], [
    "16 MiB",
    16_777_216,
  ]] as const
) {
  const bytes = new Uint8Array(length).fill(1);
  const echo = () => client.call("echo.call", {}, { bytes });
  await rate(echo, 1, 300);
  // It goes in and comes out, so each call moves it twice.
  report(`echo of ${name}`, await rate(echo, 1, 1000) * length * 2 / 1e6, "MB/s");
}
client.close();
