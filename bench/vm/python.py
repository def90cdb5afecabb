"""What the official Python package does in a microVM."""

import asyncio
import json
import os
import time

from microsandbox import Sandbox

length = int(os.environ.get("MICROSANDBOX_BENCH_MIB", "64")) * 1024**2
seconds = int(os.environ.get("MICROSANDBOX_BENCH_MS", "2000")) / 1000


def report(row, value, unit):
    print(json.dumps({"row": row, "value": value, "unit": unit}), flush=True)


async def latency(row, call):
    samples = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 3:
        start = time.perf_counter()
        await call()
        samples.append((time.perf_counter() - start) * 1e6)
    samples.sort()
    report(f"{row}, p50", samples[len(samples) // 2], "µs")
    report(f"{row}, p99", samples[len(samples) * 99 // 100], "µs")


async def rate(row, call, in_flight):
    calls = 0
    start = time.perf_counter()

    async def worker():
        nonlocal calls
        while time.perf_counter() < start + seconds:
            await call()
            calls += 1

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    report(row, calls / (time.perf_counter() - start), "calls/s")


async def throughput(row, move):
    times = []
    for _ in range(2):
        start = time.perf_counter()
        await move()
        times.append(time.perf_counter() - start)
    report(row, length / min(times) / 1e6, "MB/s")


async def main():
    data = b"\1" * length
    start = time.perf_counter()
    sandbox = await Sandbox.create(
        f"bench-{os.getpid()}", image=os.environ["MICROSANDBOX_TEST_IMAGE"], memory=512
    )
    try:
        await sandbox.exec("echo", ["first"])
        report("create to first output", (time.perf_counter() - start) * 1000, "ms")
        await latency("exec", lambda: sandbox.exec("true", []))
        await rate("64 concurrent execs", lambda: sandbox.exec("true", []), 64)
        await throughput("standard output", lambda: sandbox.exec("head", ["-c", str(length), "/dev/zero"]))
        await throughput("standard input", lambda: sandbox.exec("sh", ["-c", "cat >/dev/null"], stdin=data))
        await throughput("file upload", lambda: sandbox.fs.write("/dev/shm/file", data))
        await throughput("file download", lambda: sandbox.fs.read("/dev/shm/file"))
    finally:
        await sandbox.destroy(force=True)


asyncio.run(main())
