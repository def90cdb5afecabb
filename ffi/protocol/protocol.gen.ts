// GENERATED from capi/src by capi/src/generated/protocol.rs. Do not edit; run
// `deno task generate` instead.

// All of it, by whatever noun.

export * from "./agent.gen.ts";
export * from "./backend.gen.ts";
export * from "./command.gen.ts";
export * from "./create.gen.ts";
export * from "./errors.gen.ts";
export * from "./files.gen.ts";
export * from "./image.gen.ts";
export * from "./job.gen.ts";
export * from "./logs.gen.ts";
export * from "./metrics.gen.ts";
export * from "./modify.gen.ts";
export * from "./mounts.gen.ts";
export * from "./network.gen.ts";
export * from "./rootfs.gen.ts";
export * from "./runtime.gen.ts";
export * from "./sandbox.gen.ts";
export * from "./secrets.gen.ts";
export * from "./snapshot.gen.ts";
export * from "./ssh.gen.ts";
export * from "./storage.gen.ts";
export * from "./volume.gen.ts";
export * from "./wire.gen.ts";
