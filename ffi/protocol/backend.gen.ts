// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

import type { BackendKind } from "./sandbox.gen.ts";

/**
 * What decided on a backend.
 *
 * - `options`: The program, with its own options.
 * - `profile`: The program, with the name of a profile.
 * - `MSB_BACKEND`: The environment variable `MSB_BACKEND`.
 * - `MSB_PROFILE`: The environment variable `MSB_PROFILE`.
 * - `activeProfile`: The profile that is in use, or the machine's administrator.
 * - `default`: Nobody: it is this machine.
 */
export type BackendChoice =
  | "options"
  | "profile"
  | "MSB_BACKEND"
  | "MSB_PROFILE"
  | "activeProfile"
  | "default";

/** A backend. Its key is never told. */
export interface BackendInfo {
  /** Where sandboxes live. */
  kind: BackendKind;
  /** The cloud's URL, if it is one. */
  url?: string;
  /** What decided on this backend. */
  source: BackendChoice;
  /** The profile that it comes from, if it does. */
  profile?: string;
}

/** What has to be allowed before a client's backend is used. */
export interface BackendRequirements {
  /** The file that has the profiles. */
  configPath: string;
  /** The directory that the program named, if it did. */
  home?: string;
  /** The URL that every request goes to, if it is a cloud. */
  url?: string;
  /** The environment variable that the key is read from, if it is from one. */
  apiKeyVariable?: string;
}

/** A cloud, and how to be let in. */
export interface CloudOptions {
  /**
   * The cloud's `http:` or `https:` URL, without a key in it. Default: that
   * of the hosted cloud.
   */
  url?: string | undefined;
  /** The key. Needed unless there is a profile. */
  apiKey?: string | undefined;
  /**
   * The profile in the configuration of microsandbox that has URL and key.
   * Neither can be given with it.
   */
  profile?: string | undefined;
}

/** A profile. Its key is never told, nor where it is. */
export interface Profile {
  /** Its name. */
  name: string;
  /** Where its sandboxes live. */
  kind: BackendKind;
  /** Whether the machine's administrator allows it. */
  isAllowed: boolean;
  /** Whether it says where its key is, or needs none. */
  hasKey: boolean;
}

/** The profiles, and which backend programs use that do not choose one. */
export interface ProfileSelection {
  /** The profiles, by their names. */
  profiles: Profile[];
  /** The profile that is in use, if one is. */
  active?: string;
  /**
   * Whether the environment or the machine's administrator decides, so that
   * `active` does not.
   */
  isOverridden: boolean;
  /**
   * What programs use that start now, without its URL. Absent if there is
   * nothing that they could use.
   */
  selected?: BackendInfo;
  /** Why they cannot use it. */
  problem?: string;
}

/** Which profile to use. */
export interface UseProfile {
  /** The profile's name. Default: none. */
  name?: string | undefined;
}
