// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/**
 * What to change about a secret, or a new one, which needs a value and a host.
 * What is not named stays as it is, or is as in a create.
 */
export interface SecretChange {
  /**
   * The value. It is stored, readable for your user, with the sandbox on
   * this machine; `fromEnv` is not.
   */
  value?: string | undefined;
  /**
   * The environment variable of this program that holds the value, instead
   * of `value`. It is read now, and each time that the sandbox starts.
   */
  fromEnv?: string | undefined;
  /** The hosts that may get the value. */
  hosts?: readonly string[] | undefined;
  /** What the guest sees instead of the value, at most 1024 bytes. */
  placeholder?: string | undefined;
  /** Where in a request the placeholder is replaced. */
  substitution?: SecretSubstitution | undefined;
  /** More hosts that may get the placeholder, as it is. */
  passthroughHosts?: readonly string[] | undefined;
  /** What happens to a request that takes the placeholder elsewhere. */
  violationAction?: SecretViolationAction | undefined;
  /**
   * Whether the value is only sent over TLS, to a server that has proven to
   * be the host.
   */
  requireTls?: boolean | undefined;
}

/**
 * A value that a sandbox can use and never sees.
 *
 * The guest has an environment variable of the secret's name that holds a
 * placeholder. When it sends the placeholder to one of the `hosts`, this
 * machine replaces it with the value on the way. For that the connections to
 * the intercepted ports (443) are decrypted on this machine; the guest trusts
 * the certificate authority that this needs.
 */
export interface SecretOptions {
  /**
   * The value. It is stored, readable for your user, with the sandbox on
   * this machine; `fromEnv` is not. Default: `fromEnv` says it.
   */
  value?: string | undefined;
  /**
   * The environment variable of this program that holds the value, instead
   * of `value`. It is read each time that the sandbox starts. On Bun it has
   * to be set before the program starts. Default: `value` says it.
   */
  fromEnv?: string | undefined;
  /**
   * The hosts that may get the value: `api.example.com`, or
   * `*.example.com` for a domain and all below it; only at addresses that
   * the sandbox's own resolver has given for the name, so an `/etc/hosts`
   * is not enough. `*` is any host, which gives the value to whoever the
   * guest sends it to.
   */
  hosts: readonly string[];
  /**
   * What the guest sees instead of the value, at most 1024 bytes. Default:
   * `$MSB_` and the secret's name.
   */
  placeholder?: string | undefined;
  /**
   * Where in a request the placeholder is replaced. Default: in its
   * headers.
   */
  substitution?: SecretSubstitution | undefined;
  /**
   * More hosts that may get the placeholder, as it is. To any host that is
   * in neither list, requests with it are blocked. Default: none.
   */
  passthroughHosts?: readonly string[] | undefined;
  /**
   * What happens to a request that takes the placeholder elsewhere.
   * Default: the sandbox's `secretViolationAction`.
   */
  violationAction?: SecretViolationAction | undefined;
  /**
   * Whether the value is only sent over TLS, to a server that has proven to
   * be the host. Default: `true`.
   */
  requireTls?: boolean | undefined;
}

/** Where in a request a placeholder is replaced. */
export interface SecretSubstitution {
  /**
   * In headers, also inside the name and password of basic authentication.
   * Default: `true`.
   */
  headers?: boolean | undefined;
  /**
   * Only in these headers. Better than in all, where a server sends back
   * what it got. Default: in all.
   */
  headerFields?: readonly string[] | undefined;
  /** In the query of the URL. Default: `false`. */
  query?: boolean | undefined;
  /** In the body, over HTTP/1, up to 16 MiB. Default: `false`. */
  body?: boolean | undefined;
}

/**
 * What happens to a request that takes a placeholder where it may not go.
 *
 * - `block`: It is blocked.
 * - `block-and-log`: It is blocked, and the sandbox's log says so.
 * - `block-and-terminate`: It is blocked, and the sandbox ends.
 */
export type SecretViolationAction = "block" | "block-and-log" | "block-and-terminate";
