// Boots one microVM on this machine. Ends with 1, and one line that says why, when that fails.
//
//   boots.ts IMAGE

import process from "node:process";
import { MicrosandboxError, Sandbox } from "../../mod.ts";

const signal = AbortSignal.timeout(60_000);
try {
  await using sandbox = await Sandbox.create({ image: process.argv[2]!, memoryMiB: 256, signal });
  await sandbox.shell("true", { signal });
} catch (error) {
  if (signal.aborted) console.error("no answer in 60 s");
  else if (error instanceof MicrosandboxError) console.error(error.message.replaceAll("\n", " "));
  else throw error;
  process.exit(1);
}
