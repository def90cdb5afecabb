// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

/** A frame of the agent without its body, which is in the frame's bytes. */
export interface AgentFrameHeader {
  /** The number of the exchange that it belongs to. */
  id: number;
  /** Its flags. */
  flags: number;
}

/** What to begin an exchange with. The frame's bytes are the body. */
export interface AgentRequest {
  /** The flags of the agent's frame. */
  flags: number;
}

/**
 * An exchange with any number of answers. The handle of the stream of them is
 * in the frame.
 */
export interface AgentStreamInfo {
  /** The number of the exchange. */
  id: number;
}
