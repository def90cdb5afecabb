/**
 * `cli install`: downloads the library and unpacks the runtime.
 *
 * @module
 */

import { install } from "../host/runtime.ts";
import { print, printJson, progressBar } from "./output.ts";

/** Installs what is missing, and says what is where. */
export async function runInstall(
  { json, force, mirror }: { json: boolean; force: boolean; mirror?: string },
): Promise<number> {
  const installation = await install({
    force,
    ...mirror !== undefined && { mirror },
    onProgress: progressBar(),
  });
  if (json) {
    printJson(installation);
  } else {
    const { libraryPath, msbPath, libkrunfwPath, version } = installation;
    print(`library:   ${libraryPath}`);
    print(`msb:       ${msbPath}${version ? ` (version ${version})` : ""}`);
    print(`libkrunfw: ${libkrunfwPath}`);
  }
  return 0;
}
