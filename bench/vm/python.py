"""What the official Python package does in a microVM."""

import asyncio
import os
import sys
import time
from pathlib import Path

from microsandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent.parent))
from report import calls_per_second, report

length = int(os.environ.get("MICROSANDBOX_BENCH_MIB", "64")) * 1024**2
concurrent = 64
seconds = int(os.environ.get("MICROSANDBOX_BENCH_MS", "2000")) / 1000


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
        calls = await calls_per_second(lambda: sandbox.exec("true", []), concurrent, seconds)
        report(f"{concurrent} concurrent execs", calls, "calls/s")
        await throughput("standard output", lambda: sandbox.exec("head", ["-c", str(length), "/dev/zero"]))
        await throughput("file upload", lambda: sandbox.fs.write("/dev/shm/file", data))
        await throughput("file download", lambda: sandbox.fs.read("/dev/shm/file"))
        await throughput("standard input", lambda: sandbox.exec("sh", ["-c", "cat >/dev/null"], stdin=data))
    finally:
        await sandbox.destroy(force=True)


asyncio.run(main())
