/**
 * The command line: installs what sandboxes need, and says what is wrong, where
 * it is and which permissions it needs.
 *
 * ```sh
 * deno run -A jsr:@x/microsandbox/cli install
 * ```
 *
 * On Bun: `bun run node_modules/@x/microsandbox/cli.js install`.
 *
 * @module
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { manifest } from "./ffi/library/manifest.gen.ts";
import { doctor } from "./src/cli/doctor.ts";
import { runInstall } from "./src/cli/install.ts";
import { print, say } from "./src/cli/output.ts";
import { where } from "./src/cli/where.ts";

const usage = `Usage: cli COMMAND

  install [--force] [--mirror URL]  download the library, unpack the runtime
  doctor                            find out what keeps sandboxes from booting
  where                             where everything is, and its permissions

Each prints JSON with --json. --version prints the version.`;

const jsonOption = { json: { type: "boolean", default: false } } as const;
const installOptions = {
  ...jsonOption,
  force: { type: "boolean", default: false },
  mirror: { type: "string" },
} as const;

/**
 * Runs a command of the command line and returns the exit code: 0, 1 when the
 * command failed, or 2 when there is no such command.
 */
export async function main(args: string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return isUsageError(error) ? 2 : 1;
  }
}

async function run([command, ...args]: string[]): Promise<number> {
  if (args.some((it) => it === "--help" || it === "-h")) {
    print(usage);
    return 0;
  }
  switch (command) {
    case "--version":
    case "-V":
      print(manifest.version);
      return 0;
    case "install": {
      const { values } = parseArgs({ args, options: installOptions });
      return await runInstall(values);
    }
    case "doctor": {
      const { values } = parseArgs({ args, options: jsonOption });
      return await doctor(values.json);
    }
    case "where": {
      const { values } = parseArgs({ args, options: jsonOption });
      return await where(values.json);
    }
    case "help":
    case "--help":
    case "-h":
      print(usage);
      return 0;
  }
  say(command === undefined ? usage : `There is no "${command}".\n\n${usage}`);
  return 2;
}

/** Whether the options, and not what they asked for, were wrong. */
function isUsageError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code?.startsWith?.("ERR_PARSE_ARGS_") ?? false;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
