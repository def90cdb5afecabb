// CBOR, as far as the agent in a sandbox speaks it.

/** What CBOR can say here. */
export type Cbor = null | boolean | number | string | Uint8Array | Cbor[] | { [key: string]: Cbor };

/** Writes a value. */
export function encode(value: Cbor): Uint8Array {
  const parts: number[] = [];
  write(value, parts);
  return Uint8Array.from(parts);
}

function write(value: Cbor, out: number[]): void {
  if (value === null) out.push(0xf6);
  else if (typeof value === "boolean") out.push(value ? 0xf5 : 0xf4);
  else if (typeof value === "number") head(value < 0 ? 1 : 0, value < 0 ? -1 - value : value, out);
  else if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    head(3, bytes.length, out);
    out.push(...bytes);
  } else if (value instanceof Uint8Array) {
    head(2, value.length, out);
    out.push(...value);
  } else if (Array.isArray(value)) {
    head(4, value.length, out);
    for (const item of value) write(item, out);
  } else {
    const entries = Object.entries(value);
    head(5, entries.length, out);
    for (const [key, item] of entries) {
      write(key, out);
      write(item, out);
    }
  }
}

function head(major: number, length: number, out: number[]): void {
  if (length < 24) out.push(major << 5 | length);
  else {out.push(
      major << 5 | 26,
      length >>> 24,
      length >>> 16 & 255,
      length >>> 8 & 255,
      length & 255,
    );}
}

/** Reads a value. */
export function decode(bytes: Uint8Array): Cbor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return read();

  function read(): Cbor {
    const first = view.getUint8(at++);
    const major = first >> 5;
    if (major === 7) {
      assertSimple(first);
      return first === 0xf6 ? null : first === 0xf5;
    }
    const length = count(first & 31);
    switch (major) {
      case 0:
        return length;
      case 1:
        return -1 - length;
      case 2:
        return bytes.slice(at, at += length);
      case 3:
        return new TextDecoder().decode(bytes.subarray(at, at += length));
      case 4:
        return Array.from({ length }, read);
      case 5:
        return Object.fromEntries(Array.from({ length }, () => [read(), read()]));
      default:
        throw new Error(`No value begins with ${first}`);
    }
  }

  function count(low: number): number {
    if (low < 24) return low;
    const width = 1 << low - 24;
    let value = 0;
    for (let index = 0; index < width; index++) value = value * 256 + view.getUint8(at++);
    return value;
  }
}

function assertSimple(first: number): void {
  if (![0xf4, 0xf5, 0xf6].includes(first)) throw new Error(`No value begins with ${first}`);
}
