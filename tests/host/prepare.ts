// Prepares the directory that MSB_HOME names for tests: unpacks the runtime and loads an image.
//
//   prepare.ts ARCHIVE

import process from "node:process";
import { ensureRuntime, Image } from "../../mod.ts";

await ensureRuntime();
await Image.load(process.argv[2]!);
