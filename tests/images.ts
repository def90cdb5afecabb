// Calls of Image, each list of them in a program of its own.

import assert from "node:assert/strict";
import type { PullProgress } from "../types.ts";
import { command, scopedFlags, start } from "./support.ts";

/** What came of a call. */
export interface Outcome {
  // deno-lint-ignore no-explicit-any
  value?: any;
  error?: {
    name: string;
    code: string;
    message: string;
    details: Record<string, unknown>;
  };
  events: PullProgress[];
  /** What came of the call that overtook this one. */
  other?: Outcome;
}

/** The program that makes the calls. */
export const fixture = `${import.meta.dirname}/programs/fixtures/image.ts`;

/** Makes calls in a program of its own, for a home is chosen once a program. */
export async function calls(
  home: string,
  list: Record<string, unknown>[],
  { flags = scopedFlags(), environment = {} } = {},
): Promise<Outcome[]> {
  const program = [...command(fixture, flags), JSON.stringify(list)];
  const variables = { MSB_HOME: home, DOCKER_CONFIG: home, ...environment };
  const ended = await start(program, variables).ended;
  assert.equal(ended.code, 0, ended.stderr);
  return ended.stdout.trim().split("\n").map((line) => JSON.parse(line));
}
