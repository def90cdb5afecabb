// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** How names are resolved. */
export interface DnsOptions {
  /**
   * The servers to ask, each an address or a name, with a port after a
   * colon if it is not 53. Default: those of this machine.
   */
  nameservers?: readonly string[] | undefined;
  /**
   * Whether answers are dropped that point a public name at a private
   * address. Default: `true`.
   */
  rebindProtection?: boolean | undefined;
  /** Milliseconds to wait for an answer. Default: 5000. */
  queryTimeoutMs?: number | undefined;
}

/**
 * The form of an answer to a denied HTTP request.
 *
 * - `json`: A JSON object with a code and a message.
 * - `text`: Plain text.
 */
export type HttpDenyFormat = "json" | "text";

/** What a guest is told about HTTP requests that were denied. */
export interface HttpOptions {
  /**
   * Whether it is told at all, with status 403: on port 80 and on the ports
   * with TLS interception, where no rule but a default or a domain denied
   * it. Default: `true`.
   */
  denyResponse?: boolean | undefined;
  /** The form of the answer. Default: `json`. */
  denyResponseFormat?: HttpDenyFormat | undefined;
  /**
   * The text of a `text` answer, in which `{host}` is replaced.
   * Default: the runtime's.
   */
  denyMessage?: string | undefined;
  /**
   * The message of a `json` answer to a request that a rule denied.
   * Default: the runtime's.
   */
  networkDenyMessage?: string | undefined;
  /**
   * The message of a `json` answer to a request that had a secret for
   * another host. Default: the runtime's.
   */
  secretDenyMessage?: string | undefined;
}

/** A certificate authority for the proxy's certificates. */
export interface InterceptionAuthority {
  /** A PEM file on this machine with the certificate. */
  certificatePath: string;
  /** A PEM file on this machine with the private key. */
  keyPath: string;
}

/**
 * The guest's network interface. What is left out, the core chooses for each
 * sandbox so that no two get the same.
 */
export interface InterfaceOptions {
  /** The MAC address, such as `02:5a:7b:13:01:02`. Default: chosen. */
  macAddress?: string | undefined;
  /** The largest packet in bytes, from 68 to 65535. Default: 1500. */
  mtu?: number | undefined;
  /** The IPv4 address. Default: one of `ipv4Pool`. */
  ipv4Address?: string | undefined;
  /**
   * The block that a `/30` is taken from for the sandbox. Default:
   * `172.16.0.0/12`.
   */
  ipv4Pool?: string | undefined;
  /** The IPv6 address. Default: one of `ipv6Pool`. */
  ipv6Address?: string | undefined;
  /**
   * The block that a `/64` is taken from for the sandbox. Default:
   * `fd42:6d73:62::/48`.
   */
  ipv6Pool?: string | undefined;
}

/**
 * What happens to traffic.
 *
 * - `allow`: It passes.
 * - `deny`: It is dropped.
 */
export type NetworkAction = "allow" | "deny";

/**
 * Which way traffic goes. The answers to it always pass.
 *
 * - `egress`: From the guest outwards.
 * - `ingress`: From outside to a published port.
 * - `any`: Either way.
 */
export type NetworkDirection = "egress" | "ingress" | "any";

/**
 * Addresses with something in common.
 *
 * - `public`: Public internet addresses: all that are in no other group.
 * - `loopback`: `127.0.0.0/8` and `::1`.
 * - `private`: The private ranges of RFC 1918 and RFC 4193, and carrier-grade NAT.
 * - `link-local`: `169.254.0.0/16` and `fe80::/10`, without the metadata service.
 * - `metadata`: The metadata service of a cloud, `169.254.169.254`.
 * - `multicast`: `224.0.0.0/4` and `ff00::/8`.
 * - `host`: This machine, which the guest knows as `host.microsandbox.internal`.
 */
export type NetworkGroup =
  | "public"
  | "loopback"
  | "private"
  | "link-local"
  | "metadata"
  | "multicast"
  | "host";

/** How far a sandbox reaches, in a word or in full. */
export type NetworkOption = NetworkPreset | NetworkOptions;

/**
 * What a sandbox reaches, and what reaches it.
 *
 * Rules are asked in their order, the first one that is about the traffic
 * decides; after them come those of `preset` or `profiles`, and at last
 * `defaultEgress` or `defaultIngress`.
 */
export interface NetworkOptions {
  /** Where to start from. Default: `public-only`. */
  preset?: NetworkPreset | undefined;
  /**
   * Where to start from, composed; instead of `preset`. With any profile
   * the guest can also resolve names. Default: `["public"]`.
   */
  profiles?: readonly NetworkProfile[] | undefined;
  /**
   * What is decided before the preset or the profiles. To block a domain,
   * deny it here; its name then does not resolve either. Default: none.
   */
  rules?: readonly NetworkRule[] | undefined;
  /**
   * What happens to outgoing traffic that no rule is about. Default: the
   * preset's, which is `deny` except for `allow-all`.
   */
  defaultEgress?: NetworkAction | undefined;
  /**
   * What happens to traffic to published ports that no rule is about.
   * Default: the preset's, which is `allow` except for `none`.
   */
  defaultIngress?: NetworkAction | undefined;
  /**
   * Whether a rule that allows a domain asks the connection itself (TLS,
   * HTTP) which domain it is for, rather than trusting that the guest
   * resolved it. Default: `true`.
   */
  strict?: boolean | undefined;
  /** How names are resolved. Default: as this machine does. */
  dns?: DnsOptions | undefined;
  /** Interception of TLS. Default: only with `secrets`. */
  tls?: TlsOptions | undefined;
  /**
   * What a guest is told about HTTP requests that were denied. Default: a
   * status and a JSON object.
   */
  http?: HttpOptions | undefined;
  /** How much traffic passes. Default: without limit. */
  rateLimits?: RateLimits | undefined;
  /**
   * How many TCP connections the guest may have open at once; 0 is without
   * limit. One more is refused. Those that a server has closed count for
   * ten seconds more. Default: without limit, 1024 with deployment profile
   * `multi-tenant`.
   */
  maxTcpConnections?: number | undefined;
  /**
   * How many TCP connections to published ports may be open at once; 0 is
   * without limit. One more is accepted and closed. Default: without limit.
   */
  maxInboundTcpConnections?: number | undefined;
  /**
   * How many UDP flows are kept at once; 0 is without limit. One more takes
   * the place of the oldest, which gets another port here when it goes on.
   * Default: without limit, 1024 with deployment profile `multi-tenant`.
   */
  maxUdpConnections?: number | undefined;
  /**
   * How many connections to each published TCP port may wait to be
   * accepted, from 1 to 2147483647. Default: 1024.
   */
  tcpAcceptQueueSize?: number | undefined;
  /** The guest's network interface. Default: chosen. */
  interface?: InterfaceOptions | undefined;
  /**
   * Prefixes of NAT64, each `/96`: addresses in them are judged by the IPv4
   * address inside too. Default: `64:ff9b::/96`.
   */
  nat64Prefixes?: readonly string[] | undefined;
  /**
   * Whether the guest trusts the certificate authorities that this machine
   * trusts. Default: `false`.
   */
  trustHostCAs?: boolean | undefined;
  /**
   * A proxy that all outgoing connections go through, except for those to
   * this machine. Default: what this machine's configuration says, else
   * none.
   */
  proxy?: ProxyOptions | undefined;
}

/**
 * How far a sandbox reaches.
 *
 * - `none`: There is no network. Nothing goes in or out, published ports included.
 * - `public-only`: Public internet addresses, and names through the sandbox's own resolver. Not the
 *   local network, not this machine, not the metadata service of a cloud. Published ports can be
 *   reached.
 * - `non-local`: What `public-only` allows, and private addresses: the local network.
 * - `allow-all`: Everything, this machine included.
 */
export type NetworkPreset = "none" | "public-only" | "non-local" | "allow-all";

/**
 * A part of the network, to compose what a sandbox reaches.
 *
 * - `public`: Public internet addresses.
 * - `private`: Private addresses: the local network.
 * - `host`: This machine, which the guest knows as `host.microsandbox.internal`.
 */
export type NetworkProfile = "public" | "private" | "host";

/**
 * A protocol that rules tell apart.
 *
 * - `tcp`: TCP.
 * - `udp`: UDP.
 * - `icmpv4`: ICMP over IPv4.
 * - `icmpv6`: ICMP over IPv6.
 */
export type NetworkProtocol = "tcp" | "udp" | "icmpv4" | "icmpv6";

/**
 * What happens to some of the traffic.
 *
 * At most one of `cidr`, `domain`, `domainSuffix` and `group` says with whom;
 * without any of them the rule is about everybody. Going out that is where
 * the traffic goes to, coming in where it comes from.
 */
export interface NetworkRule {
  /** What happens to the traffic. */
  action: NetworkAction;
  /** Which way it goes. Default: `egress`. */
  direction?: NetworkDirection | undefined;
  /**
   * An address such as `10.1.2.3`, or a block such as `10.0.0.0/8`.
   * Default: any.
   */
  cidr?: string | undefined;
  /** Exactly this domain. Default: any. */
  domain?: string | undefined;
  /**
   * This domain and everything below it. It needs at least two labels.
   * Default: any.
   */
  domainSuffix?: string | undefined;
  /** Addresses with something in common. Default: any. */
  group?: NetworkGroup | undefined;
  /**
   * The protocols; ICMP only in a rule about `egress`, because it does not
   * come in through published ports. Default: all.
   */
  protocols?: readonly NetworkProtocol[] | undefined;
  /**
   * The ports in the guest that are listened on, or outside that the guest
   * connects to. Default: all.
   */
  ports?: readonly PortRangeOption[] | undefined;
}

/** A port of the guest, and where this machine listens for it. */
export type PortOption = number | PortOptions;

/** A port of the guest, and where this machine listens for it. */
export interface PortOptions {
  /** The port in the guest, from 1 to 65535. */
  guestPort: number;
  /**
   * The port of this machine, from 0 to 65535; 0 is any free one. Default:
   * 0.
   */
  hostPort?: number | undefined;
  /** The protocol. Default: `tcp`. */
  protocol?: PortProtocol | undefined;
  /**
   * The IP address of this machine to listen on; `0.0.0.0` is all, which
   * lets other machines in. Default: `127.0.0.1`.
   */
  hostAddress?: string | undefined;
}

/**
 * A protocol with ports.
 *
 * - `tcp`: TCP.
 * - `udp`: UDP.
 */
export type PortProtocol = "tcp" | "udp";

/** One port, or a range of ports. */
export type PortRangeOption = number | PortRangeOptions;

/** A range of ports. */
export interface PortRangeOptions {
  /** The first one. */
  start: number;
  /** The last one. */
  end: number;
}

/**
 * A proxy that all outgoing connections go through, except for those to this
 * machine. It is reached from this machine, so `127.0.0.1` is this machine's.
 */
export interface ProxyOptions {
  /**
   * What it speaks. Only `socks5` also carries UDP, and the others block
   * it.
   */
  protocol: ProxyProtocol;
  /** Where it is: an IP address with a port, such as `127.0.0.1:1080`. */
  address: string;
  /** The user's identity, for `socks4` only. Default: none. */
  userId?: string | undefined;
  /**
   * The user's name, for `http-connect` and `socks5`, with a
   * `passwordFromEnv`. Default: none.
   */
  username?: string | undefined;
  /**
   * The environment variable of this program that holds the password. It is
   * read each time that the sandbox starts. Default: none.
   */
  passwordFromEnv?: string | undefined;
}

/**
 * What a proxy speaks.
 *
 * - `http-connect`: HTTP with the method CONNECT.
 * - `socks4`: SOCKS version 4.
 * - `socks5`: SOCKS version 5.
 */
export type ProxyProtocol = "http-connect" | "socks4" | "socks5";

/** A port of this machine that leads into a sandbox. */
export interface PublishedPort {
  /** The port in the guest. */
  guestPort: number;
  /** The port of this machine. */
  hostPort: number;
  /** The protocol. */
  protocol: PortProtocol;
  /** The IP address of this machine. */
  hostAddress: string;
}

/** How much traffic passes in one direction, in bytes, packets or both. */
export interface RateLimit {
  /** Limits bytes. Default: without limit. */
  bytes?: TokenBucket | undefined;
  /** Limits packets. Default: without limit. */
  packets?: TokenBucket | undefined;
}

/** How much traffic passes in each direction. Default: without limit. */
export interface RateLimits {
  /** What the guest sends. Default: without limit. */
  egress?: RateLimit | undefined;
  /** What the guest receives. Default: without limit. */
  ingress?: RateLimit | undefined;
}

/**
 * Interception of TLS: the sandbox's connections end at a proxy on this
 * machine, whose certificate authority the guest trusts, and the proxy makes
 * its own to the server. Secrets need it.
 */
export interface TlsOptions {
  /** Whether connections are intercepted. Default: `true`. */
  enabled?: boolean | undefined;
  /** The ports whose connections are intercepted. Default: `[443]`. */
  interceptedPorts?: readonly number[] | undefined;
  /**
   * Hosts that are not intercepted, such as `example.com` or
   * `*.example.com`. Default: none.
   */
  bypass?: readonly string[] | undefined;
  /** Whether servers have to prove who they are. Default: `true`. */
  verifyUpstream?: boolean | undefined;
  /** Hosts for which that is different. Default: none. */
  verifyUpstreamFor?: readonly VerifyUpstreamFor[] | undefined;
  /**
   * PEM files on this machine with certificate authorities that servers
   * may be certified by, besides the usual ones. Default: none.
   */
  upstreamCertificateAuthorities?: readonly string[] | undefined;
  /**
   * PEM files on this machine with certificate authorities that only some
   * hosts may be certified by. Default: none.
   */
  upstreamCertificateAuthoritiesFor?: readonly UpstreamCertificateAuthorityFor[] | undefined;
  /**
   * Whether UDP to the intercepted ports is dropped, so that QUIC falls
   * back to TLS. Default: `true`.
   */
  blockQuic?: boolean | undefined;
  /**
   * The proxy's own certificate authority. Default: one that is made once
   * for this machine.
   */
  interceptionAuthority?: InterceptionAuthority | undefined;
  /** How many of the proxy's certificates are kept. Default: 1000. */
  certificateCacheSize?: number | undefined;
  /** How many hours the proxy's certificates are valid. Default: 24. */
  certificateValidityHours?: number | undefined;
}

/** How many bytes or packets pass in which time. */
export interface TokenBucket {
  /** How many pass at once, and in each `refillTimeMs`. */
  size: number;
  /**
   * Milliseconds after which as many may pass again; the allowance grows
   * steadily meanwhile.
   */
  refillTimeMs: number;
  /** How many more pass once, at the start. Default: 0. */
  oneTimeBurst?: number | undefined;
}

/** Whom some hosts may be certified by. */
export interface UpstreamCertificateAuthorityFor {
  /** The hosts: `example.com` or `*.example.com`. */
  host: string;
  /** A PEM file on this machine. */
  path: string;
}

/** Whether some hosts have to prove who they are. */
export interface VerifyUpstreamFor {
  /** The hosts: `example.com` or `*.example.com`. */
  host: string;
  /** Whether they have to. */
  verify: boolean;
}

/** Which port of the guest to wait for. */
export interface WaitForPortOptions {
  /** The port in the guest, from 1 to 65535. */
  port: number;
  /** The protocol. Default: `tcp`. */
  protocol?: PortProtocol | undefined;
  /** Milliseconds to wait. Default: 60000. */
  timeoutMs?: number | undefined;
}
