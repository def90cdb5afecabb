// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** How far a copy is. */
export interface CopyProgress {
  /**
   * The file that is being copied, relative to the source; empty for the
   * source itself.
   */
  path: string;
  /** How many bytes are copied. */
  bytes: number;
  /** How many bytes there were when the copy began. */
  totalBytes: number;
  /** How many files are copied. */
  files: number;
  /** How many files there were when the copy began. */
  totalFiles: number;
}

/** An entry of a directory. */
export interface DirectoryEntry {
  /** Its name, without the directory. */
  name: string;
  /** What it is. */
  kind: FileKind;
}

/** What to change about a file. What is not given stays as it is. */
export interface FileAttributesRequest {
  /** The volume that has the file. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** The file's path. The file of the handle has none. */
  path?: string | undefined;
  /** Permission bits. */
  mode?: number | undefined;
  /** The number of the user who shall own it. */
  uid?: number | undefined;
  /** The number of the group that shall own it. */
  gid?: number | undefined;
  /** Its length in bytes. */
  size?: number | undefined;
  /** When it was last read, in seconds since 1970. */
  accessedSeconds?: number | undefined;
  /** When it was last written, in seconds since 1970. */
  modifiedSeconds?: number | undefined;
}

/**
 * What an entry of a directory is.
 *
 * - `file`: A regular file.
 * - `directory`: A directory.
 * - `symlink`: A symbolic link.
 * - `other`: A device, a pipe or a socket.
 */
export type FileKind = "file" | "directory" | "symlink" | "other";

/** Names a file. */
export interface FilePathRequest {
  /** The volume that has it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
}

/** A path as the answer. */
export interface FilePathResult {
  /** The path. */
  path: string;
}

/** What is known about a file. Times are milliseconds since 1970. */
export interface FileStat {
  /** What it is. */
  kind: FileKind;
  /** Its length in bytes. */
  size: number;
  /** Its permission bits. */
  mode: number;
  /** The number of the user who owns it. */
  uid: number;
  /** The number of the group that owns it. */
  gid: number;
  /** When it was last read. */
  accessedMs?: number;
  /** When it was last written. */
  modifiedMs?: number;
  /** When it was created. */
  createdMs?: number;
}

/** What to ask about a file. */
export interface FileStatRequest {
  /** The volume that has it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
  /** Whether a link stands for what it leads to. */
  follow: boolean;
}

/** What to copy, and where to. */
export interface HostCopyRequest {
  /**
   * The volume that it is copied to or from. Default: the sandbox of the
   * handle.
   */
  volume?: string | undefined;
  /** The file or directory to copy. */
  source: string;
  /** The path of the copy. */
  destination: string;
  /** Whether to tell how far it is, as events. Default: `false`. */
  progress?: boolean | undefined;
}

/** How to make a directory. */
export interface MakeDirectoryOptions {
  /**
   * Whether missing parents are made too, and a directory that exists is no
   * error. Default: `false`.
   */
  recursive?: boolean | undefined;
  /** The permission bits of the directory. Default: `0o777`, less the umask. */
  mode?: number | undefined;
}

/** A directory to make. */
export interface MkdirRequest {
  /** The volume that gets it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
  /** How to make it. */
  options: MakeDirectoryOptions;
}

/** How to open a file. */
export interface OpenFileOptions {
  /**
   * Whether it can be read. Default: `false`, and `true` when nothing at
   * all is asked for.
   */
  read?: boolean | undefined;
  /** Whether it can be written. Default: `false`. */
  write?: boolean | undefined;
  /** Whether everything written goes to the end. Default: `false`. */
  append?: boolean | undefined;
  /** Whether what it holds is thrown away; needs `write`. Default: `false`. */
  truncate?: boolean | undefined;
  /**
   * Whether it is created when it is missing; needs `write` or `append`.
   * Default: `false`.
   */
  create?: boolean | undefined;
  /**
   * Whether it has to be created, so that one that exists is an error.
   * Default: `false`.
   */
  createNew?: boolean | undefined;
  /**
   * The permission bits of a file that is created, less the umask.
   * Default: `0o666`.
   */
  mode?: number | undefined;
}

/** A file to open. */
export interface OpenFileRequest {
  /** The volume that has it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
  /** How to open it. */
  options: OpenFileOptions;
}

/** What to read of an open file. */
export interface ReadFileOptions {
  /** Where to begin. */
  offset: number;
  /**
   * How many bytes at most. Fewer come when the file ends, or when it is
   * more than the library reads at once.
   */
  length: number;
}

/** How to remove a file or directory. */
export interface RemoveFileOptions {
  /** Whether a directory is removed with everything in it. Default: `false`. */
  recursive?: boolean | undefined;
}

/** What to remove. */
export interface RemoveFileRequest {
  /** The volume that has it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
  /** How to remove it. */
  options: RemoveFileOptions;
}

/** A link to make. */
export interface SymlinkRequest {
  /** The volume that gets it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** What the link says. */
  target: string;
  /** The path of the link. */
  path: string;
}

/** Names two files. */
export interface TwoPathsRequest {
  /** The volume that has them. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** The path that is. */
  path: string;
  /** The path that shall be. */
  newPath: string;
}

/** Where to write in an open file. */
export interface WriteFileOptions {
  /** Where to begin. A file that was opened to append does not care. */
  offset: number;
}

/** What a write has come to. */
export interface WriteFileResult {
  /** Where the next write would begin. */
  offset: number;
}

/** How to write a file as a whole. */
export interface WriteWholeFileOptions {
  /**
   * Whether what the file holds is kept and the new content goes behind it.
   * Default: `false`.
   */
  append?: boolean | undefined;
  /** Whether the file is created when it is missing. Default: `true`. */
  create?: boolean | undefined;
  /**
   * Whether the file has to be created, so that one that exists is an
   * error. Default: `false`.
   */
  createNew?: boolean | undefined;
  /**
   * The file's permission bits, also when it exists. Default: what it has,
   * or `0o666` less the umask.
   */
  mode?: number | undefined;
}

/** A file to write as a whole. The frame's bytes are its content. */
export interface WriteWholeFileRequest {
  /** The volume that gets it. Default: the sandbox of the handle. */
  volume?: string | undefined;
  /** Its path. */
  path: string;
  /** How to write it. */
  options: WriteWholeFileOptions;
}
