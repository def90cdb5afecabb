// attachShell() and attachTerminal() in a real terminal, which tmux is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { command, scopedFlags, start, until } from "../support.ts";

const fixtures = `${import.meta.dirname}/fixtures`;
const flags = scopedFlags(["MICROSANDBOX_TEST_IMAGE"]);
const server = `microsandbox-${"Bun" in globalThis ? "bun" : "deno"}`;

function tmux(...args: string[]): string {
  return execFileSync("tmux", ["-L", server, "-f", "/dev/null", ...args], {
    encoding: "utf8",
  });
}

function screen(): string {
  return tmux("capture-pane", "-p");
}

async function shows(text: string | RegExp): Promise<void> {
  const isShown = () => typeof text === "string" ? screen().includes(text) : text.test(screen());
  await until(`the terminal shows ${text}`, isShown).catch((error) => {
    throw new Error(`${error.message}; it shows\n${screen()}`);
  });
}

test("a program's terminal is the guest's, and is its own again afterwards", async () => {
  // The shell stays when the program has ended, to show what it left.
  const program = command(`${fixtures}/attach.ts`, flags).map((word) => `'${word}'`).join(" ");
  tmux("new-session", "-d", "-x", "100", "-y", "30", `${program}; echo ended $?; stty -a; cat`);
  try {
    await shows(/# ?$/m);
    tmux("send-keys", "stty size", "Enter");
    await shows("30 100");
    tmux("resize-window", "-x", "90", "-y", "40");
    tmux("send-keys", "clear; stty size", "Enter");
    await shows("40 90");
    // An editor needs the whole of a terminal: raw keys, cursor, size.
    tmux("send-keys", "vi /tmp/note", "Enter");
    await shows(/^~/m);
    tmux("send-keys", "i");
    await shows("I /tmp/note");
    tmux("send-keys", "typed in vi");
    await shows("typed in vi");
    tmux("send-keys", "Escape");
    await shows("- /tmp/note");
    tmux("send-keys", ":wq", "Enter");
    await shows(/# ?$/m);
    tmux("send-keys", "clear; cat /tmp/note", "Enter");
    await shows(/^typed in vi$/m);
    // What sends bare line feeds, as full screen programs do, gets nothing added.
    tmux("send-keys", "clear; stty -opost; printf '\\rab\\ncd\\r\\n'; stty opost", "Enter");
    await shows(/^ab *\n {2}cd/m);
    // Ctrl-C ends the command in the guest, not the program.
    tmux("send-keys", "sleep 1000", "Enter");
    tmux("send-keys", "C-c");
    tmux("send-keys", "echo still $((1 + 1))", "Enter");
    await shows("still 2");
    tmux("send-keys", "exit 7", "Enter");
    await shows("shell ended with 7");
    await shows(/# ?$/m);
    tmux("send-keys", "echo in the job", "Enter");
    await shows(/^in the job/m);
    tmux("send-keys", "C-p");
    tmux("send-keys", "C-q");
    await shows("job was left with undefined, and is running");
    await shows("ended 0");
    await shows(/ icanon/);
    assert.doesNotMatch(screen(), /-icanon|-echo /);
  } finally {
    tmux("kill-server");
  }
});

test("attaching without a terminal is an error that says what to do", async () => {
  const ended = await start(command(`${fixtures}/attach.ts`, flags)).ended;
  assert.notEqual(ended.code, 0);
  assert.match(ended.stderr, /terminal-error|standard input is not a terminal/);
  assert.match(ended.stderr, /exec/);
});
