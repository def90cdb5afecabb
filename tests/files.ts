// What files do wherever they are: the same tests for a guest and a volume.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { FileSystem } from "../mod.ts";
import { FileSystemError, SeekMode } from "../mod.ts";

/** The files to test, and a directory in them that holds nothing else. */
export interface TestedFiles {
  /** The files. */
  fs: FileSystem;
  /** The directory, with a slash at its end. */
  root: string;
}

/** A failure with everything that a caller may look at. */
function failure(name: string, code: string, path: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Error);
    const { name: itsName, code: itsCode, path: itsPath } = error as Error & {
      code: string;
      path: string;
    };
    assert.deepEqual([itsName, itsCode, itsPath], [name, code, path]);
    assert.ok(error.message.includes(JSON.stringify(path)), error.message);
    return true;
  };
}

const notFound = (path: string) => failure("FileNotFoundError", "not-found", path);

/** Arrays whose length is not that of their bytes, or that have none. */
const otherArrays: [string, unknown][] = [
  ["Uint16Array", new Uint16Array([1, 2])],
  ["Float64Array", new Float64Array(1)],
  ["ArrayBuffer", new ArrayBuffer(8)],
  ["Array", [1, 2]],
];

/** A stream of `count` different chunks, and the digest of them all. */
export function patterned(count: number, length: number): {
  stream: ReadableStream<Uint8Array>;
  digest: string;
} {
  const chunkOf = (index: number) =>
    new Uint8Array(length).map((_, byte) => (index * 31 + byte * 7) & 255);
  const hash = createHash("sha256");
  for (let index = 0; index < count; index++) hash.update(chunkOf(index));
  let next = 0;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next === count) return controller.close();
      controller.enqueue(chunkOf(next++));
    },
  });
  return { stream, digest: hash.digest("hex") };
}

/** The digest and length of what a stream holds. */
export async function digestOf(
  stream: ReadableStream<Uint8Array>,
): Promise<{ digest: string; length: number }> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    length += chunk.length;
  }
  return { digest: hash.digest("hex"), length };
}

/** Declares the tests. `get` is called in each, after whatever prepares it. */
export function testFiles(where: string, get: () => TestedFiles): void {
  const text = new TextEncoder();

  test(`${where}: bytes and text are read as they were written`, async () => {
    const { fs, root } = get();
    const bytes = new Uint8Array([0, 255, 10, 13, 128]);
    await fs.writeFile(`${root}bytes`, bytes);
    assert.deepEqual(await fs.readFile(`${root}bytes`), bytes);
    await fs.writeTextFile(`${root}grüße 'x'`, "grüße\n");
    assert.equal(await fs.readTextFile(`${root}grüße 'x'`), "grüße\n");
    await fs.writeFile(`${root}empty`, "");
    assert.equal((await fs.readFile(`${root}empty`)).length, 0);
    await assert.rejects(fs.readFile(`${root}none`), notFound(`${root}none`));
  });

  test(`${where}: writeFile() replaces, appends and creates as it is told`, async () => {
    const { fs, root } = get();
    const path = `${root}write`;
    await assert.rejects(fs.writeFile(path, "x", { create: false }), notFound(path));
    await fs.writeFile(path, "a long first text");
    await fs.writeFile(path, "short");
    await fs.writeFile(path, ", longer", { append: true });
    assert.equal(await fs.readTextFile(path), "short, longer");
    await assert.rejects(
      fs.writeFile(path, "x", { createNew: true }),
      failure("FileAlreadyExistsError", "already-exists", path),
    );
    assert.equal(await fs.readTextFile(path), "short, longer");
    await fs.writeFile(path, "x", { mode: 0o640 });
    assert.equal((await fs.stat(path)).mode, 0o640);
    await fs.writeFile(`${path}-new`, "x", { mode: 0o777, createNew: true });
    assert.equal((await fs.stat(`${path}-new`)).mode, 0o777);
  });

  test(`${where}: megabytes are exact, in one piece and as a stream`, async () => {
    const { fs, root } = get();
    const path = `${root}megabytes`;
    // More than one chunk, and chunks that do not end where the pieces do.
    const { stream, digest } = patterned(25, 100_003);
    await fs.writeFile(path, stream);
    const length = 25 * 100_003;
    assert.equal((await fs.stat(path)).size, length);
    const whole = await fs.readFile(path);
    assert.equal(createHash("sha256").update(whole).digest("hex"), digest);
    const file = await fs.open(path);
    assert.deepEqual(await digestOf(file.readable), { digest, length });
    await fs.writeFile(path, whole);
    assert.deepEqual(await fs.readFile(path), whole);
    const target = await fs.open(`${path}2`, { write: true, createNew: true });
    await (await fs.open(path)).readable.pipeTo(target.writable);
    assert.deepEqual(await fs.readFile(`${path}2`), whole);
    await fs.remove(path);
    await fs.remove(`${path}2`);
  });

  test(`${where}: a file is written in pieces, and its stream is given up by a signal`, async () => {
    const { fs, root } = get();
    const path = `${root}pieces`;
    const writer = (await fs.create(path)).writable.getWriter();
    for (const piece of ["one;", "two;", "three"]) await writer.write(text.encode(piece));
    await writer.close();
    {
      await using file = await fs.open(path);
      assert.equal(await new Response(file.readable).text(), "one;two;three");
    }
    await fs.truncate(path, 8 * 1024 * 1024);
    const reason = new Error("enough");
    const controller = new AbortController();
    const { readable } = await fs.open(path);
    const abort = new WritableStream({ write: () => controller.abort(reason) });
    await assert.rejects(readable.pipeTo(abort, { signal: controller.signal }), reason);
    await fs.remove(path);
  });

  test(`${where}: text keeps its byte order mark, as it does in Deno and Node`, async () => {
    const { fs, root } = get();
    const path = `${root}mark.csv`;
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0x2c, 0x62, 0x0a]);
    await fs.writeFile(path, bytes);
    const read = await fs.readTextFile(path);
    assert.equal(read, "\ufeffa,b\n");
    await fs.writeTextFile(path, read);
    assert.deepEqual(await fs.readFile(path), bytes);
    await fs.remove(path);
  });

  test(`${where}: a file's stream reads what is asked for and nothing else`, async () => {
    const { fs, root } = get();
    const path = `${root}untaken`;
    await fs.writeFile(path, "abcdef");
    await using file = await fs.open(path);
    const { readable } = file;
    // The turn of a read that the stream had begun would be before this one's.
    assert.equal((await file.stat()).size, 6);
    const buffer = new Uint8Array(2);
    assert.equal(await file.read(buffer), 2);
    assert.deepEqual(buffer, text.encode("ab"));
    const reader = readable.getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint8Array(3));
    assert.deepEqual(value, text.encode("cde"));
    assert.equal(await file.read(buffer), 1);
    assert.equal((await reader.read(new Uint8Array(3))).done, true);
    await fs.remove(path);
  });

  test(`${where}: a stream that cannot be written is cancelled, and a locked one changes nothing`, async () => {
    const { fs, root } = get();
    const path = `${root}kept`;
    await fs.writeFile(path, "kept");
    const cancelled = Promise.withResolvers<unknown>();
    const source = new ReadableStream<string>({ cancel: cancelled.resolve });
    await assert.rejects(fs.writeFile(`${path}/below`, source), (error: unknown) => {
      assert.ok(error instanceof FileSystemError);
      return true;
    });
    assert.ok(await cancelled.promise instanceof FileSystemError);
    const reason = new Error("never mind");
    const given = Promise.withResolvers<unknown>();
    const unread = new ReadableStream<string>({ cancel: given.resolve });
    const signal = AbortSignal.abort(reason);
    await assert.rejects(fs.writeFile(path, unread, { signal }), reason);
    assert.equal(await given.promise, reason);
    const locked = new ReadableStream<string>();
    locked.getReader();
    await assert.rejects(fs.writeFile(path, locked), TypeError);
    assert.equal(await fs.readTextFile(path), "kept");
    await fs.remove(path);
  });

  test(`${where}: a stream that fails fails the write with its own error`, async () => {
    const { fs, root } = get();
    const reason = new Error("no more");
    const stream = new ReadableStream<string>({
      pull: (controller) => controller.error(reason),
    });
    await assert.rejects(fs.writeTextFile(`${root}broken`, stream), reason);
  });

  test(`${where}: an aborted signal ends a call with its reason`, async () => {
    const { fs, root } = get();
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(fs.readFile(`${root}bytes`, { signal }), reason);
    await assert.rejects(fs.writeFile(`${root}aborted`, "x", { signal }), reason);
    await assert.rejects(fs.stat(`${root}aborted`), notFound(`${root}aborted`));
    const controller = new AbortController();
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        if (++chunks === 4) controller.abort(reason);
        stream.enqueue(new Uint8Array(600_000));
      },
    });
    const write = fs.writeFile(`${root}aborted`, endless, {
      signal: controller.signal,
    });
    await assert.rejects(write, reason);
    const silent = new ReadableStream<Uint8Array>();
    const second = new AbortController();
    setTimeout(() => second.abort(reason), 50);
    const stuck = fs.writeFile(`${root}aborted`, silent, { signal: second.signal });
    await assert.rejects(stuck, reason);
    await fs.remove(`${root}aborted`);
  });

  test(`${where}: stat() and lstat() tell files, directories and links apart`, async () => {
    const { fs, root } = get();
    await fs.writeFile(`${root}target`, "12345", { mode: 0o600 });
    await fs.symlink("target", `${root}link`);
    const before = Date.now();
    const file = await fs.stat(`${root}link`);
    assert.deepEqual(
      [file.isFile, file.isDirectory, file.isSymlink, file.size, file.mode],
      [true, false, false, 5, 0o600],
    );
    assert.ok(Math.abs(file.mtime!.getTime() - before) < 600_000);
    const link = await fs.lstat(`${root}link`);
    assert.deepEqual([link.isFile, link.isSymlink], [false, true]);
    assert.equal((await fs.stat(root)).isDirectory, true);
    assert.equal(await fs.readLink(`${root}link`), "target");
    assert.equal(await fs.realPath(`${root}./link`), `${root}target`);
    assert.equal(await fs.readTextFile(`${root}link`), "12345");
    await fs.remove(`${root}target`);
    assert.equal(await fs.exists(`${root}link`), false);
    assert.equal((await fs.lstat(`${root}link`)).isSymlink, true);
    await fs.remove(`${root}link`);
    await assert.rejects(fs.lstat(`${root}link`), notFound(`${root}link`));
  });

  test(`${where}: exists() is no error for what is not there`, async () => {
    const { fs, root } = get();
    await fs.writeFile(`${root}there`, "");
    assert.equal(await fs.exists(`${root}there`), true);
    assert.equal(await fs.exists(`${root}not-there`), false);
    assert.equal(await fs.exists(`${root}there/below`), false);
  });

  test(`${where}: mkdir() and readDir() work as in Deno`, async () => {
    const { fs, root } = get();
    const path = `${root}directory`;
    await assert.rejects(fs.mkdir(`${path}/a`), notFound(`${path}/a`));
    await fs.mkdir(path, { mode: 0o750 });
    assert.equal((await fs.stat(path)).mode, 0o750);
    await assert.rejects(
      fs.mkdir(path),
      failure("FileAlreadyExistsError", "already-exists", path),
    );
    await fs.mkdir(`${path}/a/b/c`, { recursive: true });
    await fs.mkdir(`${path}/a/b/c`, { recursive: true, mode: 0o700 });
    assert.equal((await fs.stat(`${path}/a/b/c`)).mode, 0o755);
    await fs.writeFile(`${path}/file`, "");
    await fs.symlink("/nowhere", `${path}/link`);
    await assert.rejects(
      fs.mkdir(`${path}/file`, { recursive: true }),
      failure("FileAlreadyExistsError", "already-exists", `${path}/file`),
    );
    await assert.rejects(
      fs.mkdir(`${path}/file/below`),
      failure("NotADirectoryError", "not-a-directory", `${path}/file/below`),
    );
    const entries = await Array.fromAsync(fs.readDir(path));
    entries.sort((one, other) => one.name < other.name ? -1 : 1);
    assert.deepEqual(entries, [
      { name: "a", isFile: false, isDirectory: true, isSymlink: false },
      { name: "file", isFile: true, isDirectory: false, isSymlink: false },
      { name: "link", isFile: false, isDirectory: false, isSymlink: true },
    ]);
    await assert.rejects(
      Array.fromAsync(fs.readDir(`${path}/file`)),
      failure("NotADirectoryError", "not-a-directory", `${path}/file`),
    );
    await assert.rejects(
      Array.fromAsync(fs.readDir(`${path}/none`)),
      notFound(`${path}/none`),
    );
  });

  test(`${where}: readDir() gives long directories in parts`, async () => {
    const { fs, root } = get();
    await fs.mkdir(`${root}many`);
    const names = Array.from({ length: 300 }, (_, index) => `file-${index}`);
    await Promise.all(names.map((name) => fs.writeFile(`${root}many/${name}`, "")));
    const entries = await Array.fromAsync(fs.readDir(`${root}many`));
    assert.deepEqual(entries.map((entry) => entry.name).sort(), names.sort());
    for await (const entry of fs.readDir(`${root}many`)) {
      assert.ok(entry.isFile);
      break;
    }
    await fs.remove(`${root}many`, { recursive: true });
  });

  test(`${where}: remove() takes files, links and empty directories`, async () => {
    const { fs, root } = get();
    const path = `${root}remove`;
    await fs.mkdir(`${path}/full`, { recursive: true });
    await fs.writeFile(`${path}/full/file`, "");
    await fs.symlink("full", `${path}/link`);
    await fs.remove(`${path}/link`);
    assert.equal(await fs.exists(`${path}/full/file`), true);
    await assert.rejects(
      fs.remove(`${path}/full`),
      failure("DirectoryNotEmptyError", "directory-not-empty", `${path}/full`),
    );
    await fs.remove(`${path}/full/file`);
    await fs.remove(`${path}/full`);
    await assert.rejects(fs.remove(`${path}/full`), notFound(`${path}/full`));
    await fs.mkdir(`${path}/full/deep`, { recursive: true });
    await fs.remove(path, { recursive: true });
    assert.equal(await fs.exists(path), false);
  });

  test(`${where}: rename() and copyFile() replace, and name both paths`, async () => {
    const { fs, root } = get();
    await fs.writeFile(`${root}one`, "one", { mode: 0o741 });
    await fs.writeFile(`${root}two`, "two");
    await fs.copyFile(`${root}one`, `${root}two`);
    assert.equal(await fs.readTextFile(`${root}two`), "one");
    assert.equal((await fs.stat(`${root}two`)).mode, 0o741);
    await fs.writeFile(`${root}one`, "changed");
    await fs.rename(`${root}one`, `${root}two`);
    assert.equal(await fs.readTextFile(`${root}two`), "changed");
    assert.equal(await fs.exists(`${root}one`), false);
    for (const call of ["rename", "copyFile"] as const) {
      await assert.rejects(fs[call](`${root}one`, `${root}new`), {
        name: "FileNotFoundError",
        code: "not-found",
        path: `${root}one`,
        newPath: `${root}new`,
      });
    }
    await fs.mkdir(`${root}three`);
    await assert.rejects(fs.copyFile(`${root}three`, `${root}new`), {
      name: "IsADirectoryError",
      code: "is-a-directory",
    });
  });

  test(`${where}: chmod(), utime() and truncate() change what they name`, async () => {
    const { fs, root } = get();
    const path = `${root}attributes`;
    await fs.writeFile(path, "0123456789");
    await fs.chmod(path, 0o4711);
    await fs.utime(path, 1_000_000_000, new Date("2020-02-02T02:02:02Z"));
    const { mode, atime, mtime } = await fs.stat(path);
    assert.equal(mode, 0o4711);
    assert.equal(atime?.getTime(), 1_000_000_000_000);
    assert.equal(mtime?.toISOString(), "2020-02-02T02:02:02.000Z");
    await fs.truncate(path, 4);
    assert.equal(await fs.readTextFile(path), "0123");
    await fs.truncate(path);
    assert.equal((await fs.stat(path)).size, 0);
    await assert.rejects(fs.chmod(`${path}-none`, 0o600), notFound(`${path}-none`));
  });

  test(`${where}: an open file is read, written, sought and cut`, async () => {
    const { fs, root } = get();
    const path = `${root}open`;
    await using file = await fs.create(path);
    assert.equal(await file.write(text.encode("hello world")), 11);
    assert.equal(await file.seek(-5, SeekMode.End), 6);
    const buffer = new Uint8Array(20);
    assert.equal(await file.read(buffer), 5);
    assert.equal(new TextDecoder().decode(buffer.subarray(0, 5)), "world");
    assert.equal(await file.read(buffer), null);
    assert.equal(await file.seek(0, SeekMode.Start), 0);
    await file.write(text.encode("J"));
    assert.equal(await file.seek(4, SeekMode.Current), 5);
    await file.truncate(5);
    await file.utime(1, 2);
    const { size, mtime } = await file.stat();
    assert.deepEqual([size, mtime?.getTime()], [5, 2000]);
    await file.seek(8, SeekMode.Start);
    await file.write(text.encode("!"));
    assert.equal(await fs.readTextFile(path), "Jello\0\0\0!");
    await assert.rejects(file.seek(-1, SeekMode.Start), {
      code: "option-out-of-range",
    });
    await file.close();
    await file.close();
    await assert.rejects(file.read(buffer), failure("FileSystemError", "file-closed", path));
  });

  test(`${where}: calls on an open file take their turn`, async () => {
    const { fs, root } = get();
    await using file = await fs.create(`${root}turns`);
    const parts = Array.from({ length: 10 }, (_, index) => `${index}`.repeat(1000));
    await Promise.all(parts.map((part) => file.write(text.encode(part))));
    assert.equal(await fs.readTextFile(`${root}turns`), parts.join(""));
  });

  test(`${where}: closing a file comes after the calls that were begun before`, async () => {
    const { fs, root } = get();
    const path = `${root}closed`;
    const file = await fs.create(path);
    // More than one call of the library takes.
    const long = new Uint8Array(5 * 1024 * 1024).fill(97);
    const calls = [
      file.write(text.encode("first;")),
      file.writeAll(long),
      file.seek(0, SeekMode.Start),
      file.read(new Uint8Array(5)),
      file.stat().then(({ size }) => size),
    ];
    await file.close();
    assert.deepEqual(await Promise.all(calls), [6, undefined, 0, 5, 6 + long.length]);
    assert.equal((await fs.stat(path)).size, 6 + long.length);
    const closed = failure("FileSystemError", "file-closed", path);
    await assert.rejects(file.write(long), closed);
    await assert.rejects(file.seek(0, SeekMode.Start), closed);
    await fs.remove(path);
  });

  test(`${where}: what is no Uint8Array is refused, and not written in part`, async () => {
    const { fs, root } = get();
    await using file = await fs.create(`${root}other-arrays`);
    for (const [type, wrong] of otherArrays) {
      const data = wrong as unknown as Uint8Array;
      const refused = (path: string) => ({
        name: "InvalidOptionError",
        code: "invalid-option",
        path,
        message: `Cannot use a value of type ${type} as ${path}: give a Uint8Array`,
      });
      await assert.rejects(file.write(data), refused("data"));
      await assert.rejects(file.writeAll(data), refused("data"));
      await assert.rejects(file.read(data), refused("buffer"));
    }
    assert.equal((await file.stat()).size, 0);
  });

  test(`${where}: text in a stream may be cut within a character`, async () => {
    const { fs, root } = get();
    const path = `${root}cut`;
    const [first, second] = ["\ud83d", "\ude80"];
    const cuts: [(string | Uint8Array)[], string][] = [
      [[`a${first}`, `${second}b`], "a\u{1f680}b"],
      [[first!, "", second!], "\u{1f680}"],
      [[first!, first!, second!], "\ufffd\u{1f680}"],
      [["a", first!], "a\ufffd"],
      [[`a${first}`, text.encode("b"), second!], "a\ufffdb\ufffd"],
    ];
    for (const [chunks, expected] of cuts) {
      await fs.writeFile(path, ReadableStream.from(chunks));
      assert.equal(await fs.readTextFile(path), expected);
    }
    await fs.remove(path);
  });

  test(`${where}: open() does what its options say, and refuses what makes no sense`, async () => {
    const { fs, root } = get();
    const path = `${root}options`;
    await assert.rejects(fs.open(path), notFound(path));
    {
      await using file = await fs.open(path, { append: true, create: true });
      await file.write(text.encode("one"));
      await file.seek(0, SeekMode.Start);
      await file.write(text.encode("two"));
      await assert.rejects(file.read(new Uint8Array(1)), { path });
    }
    {
      await using file = await fs.open(path, { read: true, append: true });
      await file.write(text.encode("!"));
      assert.equal(await file.read(new Uint8Array(1)), null);
      await file.seek(0, SeekMode.Start);
      assert.equal(await file.read(new Uint8Array(99)), 7);
    }
    assert.equal(await fs.readTextFile(path), "onetwo!");
    {
      await using file = await fs.open(path);
      await assert.rejects(file.write(new Uint8Array(1)), { path });
    }
    await assert.rejects(
      fs.open(root, { write: true }),
      failure("IsADirectoryError", "is-a-directory", root),
    );
    await assert.rejects(
      fs.readFile(root),
      failure("IsADirectoryError", "is-a-directory", root),
    );
    for (
      const [options, option] of [
        [{ create: true }, "create"],
        [{ read: true, truncate: true }, "truncate"],
        [{ append: true, write: true, truncate: true }, "truncate"],
        [{ createNew: true }, "createNew"],
      ] as const
    ) {
      await assert.rejects(fs.open(path, options), {
        code: "invalid-option",
        path: option,
      });
    }
    await assert.rejects(fs.open(path, { reed: true } as { read?: boolean }), {
      code: "unknown-option",
      path: "reed",
    });
  });

  test(`${where}: links that lead in a circle are said to`, async () => {
    const { fs, root } = get();
    await fs.symlink("circle", `${root}circle`);
    await assert.rejects(fs.readFile(`${root}circle`), {
      name: "FileSystemError",
      code: "filesystem-loop",
      path: `${root}circle`,
    });
    await fs.remove(`${root}circle`);
  });

  test(`${where}: paths that can name nothing are refused`, async () => {
    const { fs } = get();
    for (const path of ["", "/a\0b"]) {
      await assert.rejects(fs.stat(path), {
        name: "InvalidOptionError",
        code: "invalid-option",
        path: "path",
      });
    }
  });
}
