// Frames that are damaged on their way: the client has what is in flight fail,
// and reads nothing beyond what it was sent. The library sends no such frames,
// so they are damaged behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../../ffi/client.ts";
import { libraryPath, loadLibrary } from "../../ffi/library/library.ts";
import type { Native } from "../../ffi/native.ts";
import { frameKind } from "../../ffi/protocol/protocol.gen.ts";
import { MicrosandboxError } from "../../src/errors.ts";
import { toError } from "../../src/failure.ts";

const native = await loadLibrary(libraryPath());
const rounds = 500;

/** Numbers below a limit; the same ones for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
}

/** What is done to the first `length` bytes. Returns how many there are then. */
type Damage = (frames: DataView, length: number, below: (limit: number) => number) => number;

/** Puts another number where one is. */
function another(frames: DataView, at: number, below: (limit: number) => number): void {
  const old = frames.getUint32(at, true);
  // Large ones, and ones that are off by little.
  const next = below(2) === 0 ? below(2 ** 32) : old + 1 + below(30);
  frames.setUint32(at, (next === old ? next + 1 : next) >>> 0, true);
}

const damages: Record<string, Damage> = {
  "is cut": (_frames, length, below) => 1 + below(length - 1),
  "is said to be longer": (frames, length, below) => length + 1 + below(2 * frames.byteLength),
  "has another length of JSON": (frames, length, below) => {
    another(frames, 12, below);
    return length;
  },
  "has another length of bytes": (frames, length, below) => {
    another(frames, 16, below);
    return length;
  },
  "belongs to nobody": (frames, length, below) => {
    // The calls are the requests 1 and 2.
    frames.setUint32(0, 3 + below(2 ** 32 - 3), true);
    return length;
  },
  "is of no kind": (frames, length, below) => {
    frames.setUint32(4, below(2) === 0 ? 0 : 4 + below(2 ** 32 - 4), true);
    return length;
  },
  "is an error without a code": (frames, length) => {
    frames.setUint32(4, frameKind.error, true);
    return length;
  },
  "has JSON that is none": (frames, length, below) => {
    frames.setUint8(20, "x!,]}".charCodeAt(below(5)));
    return length;
  },
  "is noise": (frames, length, below) => {
    for (let at = 0; at < length; at++) frames.setUint8(at, below(256));
    return length;
  },
};

/** The library with a damage to all that is received from it. */
function damaged(damage: Damage, below: (limit: number) => number): Native {
  return {
    ...native,
    receive(client, out, capacity, outLength) {
      const code = native.receive(client, out, capacity, outLength);
      const length = outLength[0]!;
      if (length > 0 && length <= capacity) {
        outLength[0] = damage(new DataView(out.buffer), length, below);
      }
      return code;
    },
  };
}

for (const [what, damage] of Object.entries(damages)) {
  test(`calls fail when a frame ${what}`, async () => {
    const first = crypto.getRandomValues(new Uint32Array(1))[0]!;
    for (let seed = first; seed < first + rounds; seed++) {
      const below = numbers(seed);
      const client = new Client(damaged(damage, below), toError);
      const bytes = new Uint8Array(1 + below(100));
      const calls = [
        client.call("echo.delay", { milliseconds: 600_000 }),
        client.call("echo.call", { key: below(1000) }, { bytes }),
      ];
      const [waiting, answered] = await Promise.allSettled(calls);
      const told = `with the seed ${seed}`;
      assert.ok(waiting!.status === "rejected", told);
      assert.ok(waiting!.reason instanceof MicrosandboxError, told);
      assert.equal(waiting!.reason.code, "internal", told);
      // A frame that is too short, or one of noise, may still look like one.
      if (answered!.status === "rejected") {
        assert.ok(answered!.reason instanceof MicrosandboxError, told);
      }
      await assert.rejects(client.call("echo.call", {}), { code: "client-closed" }, told);
    }
  });
}
