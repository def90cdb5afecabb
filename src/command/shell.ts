/**
 * Scripts with values in them.
 *
 * @module
 */

/** What can stand in a script: each is one word, an array is one word each. */
export type ShellValue = string | number | readonly (string | number)[];

/**
 * Makes a script out of a template, in which every value is quoted so that a
 * POSIX shell takes it as it is. That is all it does: the script goes to
 * {@link Sandbox.shell}, and the template's own text is not changed, not even
 * its backslashes.
 *
 * Throws `TypeError` for a value of another type and for one with a NUL
 * character, which no argument can have.
 *
 * @example Values that a shell would take apart
 * ```ts
 * import { sh } from "@x/microsandbox";
 * import assert from "node:assert/strict";
 *
 * const files = ["it's.txt", "$(reboot)"];
 * assert.equal(sh`rm -- ${files}`, String.raw`rm -- 'it'\''s.txt' '$(reboot)'`);
 * ```
 *
 * @category Commands
 */
export function sh(
  template: TemplateStringsArray,
  ...values: ShellValue[]
): string {
  return String.raw({ raw: template.raw }, ...values.map(quoted));
}

function quoted(value: ShellValue): string {
  if (Array.isArray(value)) return value.map(quoted).join(" ");
  if (typeof value !== "string" && typeof value !== "number") {
    throw new TypeError(
      `Cannot quote a value of type ${typeof value} for a shell: give a ` +
        `string, a number or an array of them`,
    );
  }
  const text = String(value);
  if (text.includes("\0")) {
    throw new TypeError("Cannot quote a NUL character for a shell");
  }
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
