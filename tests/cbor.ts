// As much of CBOR as the agent's messages use.

/** A value that CBOR can hold. */
export type Cbor = null | boolean | number | string | Uint8Array | Cbor[] | { [key: string]: Cbor };

/** Encodes a value. */
export function encode(value: Cbor): Uint8Array {
  const out: number[] = [];
  const head = (major: number, length: number) => {
    if (length < 24) out.push(major << 5 | length);
    else if (length < 256) out.push(major << 5 | 24, length);
    else out.push(major << 5 | 25, length >> 8, length & 255);
  };
  const write = (value: Cbor) => {
    if (value === null || typeof value === "boolean") {
      out.push(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
    } else if (typeof value === "number") {
      head(value < 0 ? 1 : 0, value < 0 ? -1 - value : value);
    } else if (typeof value === "string") {
      const bytes = new TextEncoder().encode(value);
      head(3, bytes.length);
      out.push(...bytes);
    } else if (value instanceof Uint8Array) {
      head(2, value.length);
      out.push(...value);
    } else if (Array.isArray(value)) {
      head(4, value.length);
      value.forEach(write);
    } else {
      const entries = Object.entries(value);
      head(5, entries.length);
      for (const [key, inner] of entries) {
        write(key);
        write(inner);
      }
    }
  };
  write(value);
  return Uint8Array.from(out);
}

/** Decodes a value. */
export function decode(bytes: Uint8Array): Cbor {
  let at = 0;
  const number = (length: number) => {
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + bytes[at++]!;
    return value;
  };
  const read = (): Cbor => {
    const first = bytes[at++]!;
    const [major, info] = [first >> 5, first & 31];
    if (major === 7) return info === 22 ? null : info === 21;
    const value = info < 24 ? info : number(1 << (info - 24));
    switch (major) {
      case 0:
        return value;
      case 1:
        return -1 - value;
      case 2:
        return bytes.subarray(at, at += value);
      case 3:
        return new TextDecoder().decode(bytes.subarray(at, at += value));
      case 4:
        return Array.from({ length: value }, read);
      default:
        return Object.fromEntries(Array.from({ length: value }, () => [read() as string, read()]));
    }
  };
  return read();
}
