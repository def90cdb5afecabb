/**
 * What a release says about its libraries.
 *
 * @module
 */

import type { Target } from "./target.ts";
import type { Identity } from "./verify.ts";

/** A library that was released. */
export interface ReleasedLibrary extends Identity {
  /**
   * The file's name, which no other content has: a version, the target and the
   * beginning of the hash are in it.
   */
  file: string;
}

/** The libraries of one release. */
export interface Manifest {
  /** The version of the module that they belong to. */
  version: string;
  /** Where they are; their names are appended. */
  baseUrl: string;
  /**
   * The hosts that a download goes through: the one of `baseUrl`, and those
   * that it redirects to.
   */
  hosts: readonly string[];
  /** What there is for each target. */
  libraries: { readonly [T in Target]?: ReleasedLibrary };
}
