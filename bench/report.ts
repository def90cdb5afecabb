// What every benchmark program shares: how a row is measured and printed.
// It names no runtime and needs no permission.

/** Prints one measured row as a line of JSON, for bench/run.ts. */
export function report(row: string, value: number, unit: string): void {
  console.log(JSON.stringify({ row, value, unit }));
}

/** The value below which this part of the sorted samples lies. */
export function quantile(samples: number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

/** Reports p50 and p99 of calls that follow each other, in microseconds. */
export async function latency(
  row: string,
  call: () => Promise<unknown>,
  milliseconds: number,
): Promise<void> {
  const samples: number[] = [];
  const end = performance.now() + milliseconds;
  for (let now = performance.now(); now < end || samples.length < 3;) {
    await call();
    const after = performance.now();
    samples.push((after - now) * 1000);
    now = after;
  }
  report(`${row}, p50`, quantile(samples, 0.5), "µs");
  report(`${row}, p99`, quantile(samples, 0.99), "µs");
}

/** How many calls a second complete while this many are in flight. */
export async function rate(
  call: () => Promise<unknown>,
  inFlight: number,
  milliseconds: number,
): Promise<number> {
  let calls = 0;
  const start = performance.now();
  const end = start + milliseconds;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < end) {
      await call();
      calls++;
    }
  }));
  return calls / (performance.now() - start) * 1000;
}
