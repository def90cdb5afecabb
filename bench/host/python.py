"""Host-only work with the official Python package, whose volumes have no open files."""

import time

started = time.perf_counter()

import asyncio
import sys
from pathlib import Path

from microsandbox import Sandbox, Volume

sys.path.insert(0, str(Path(__file__).parent.parent))
from report import calls_per_second, report

SIZES = {"1 KiB": 1024, "1 MiB": 1024**2, "256 MiB": 256 * 1024**2}


async def timed(call, times):
    """The sorted times of calls that follow each other, in seconds."""
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        await call()
        samples.append(time.perf_counter() - start)
    return sorted(samples)


async def main():
    lister = lambda: Sandbox.list_with(limit=100)
    await lister()
    report("import to first call", (time.perf_counter() - started) * 1000, "ms")
    if "--start" in sys.argv:
        return
    samples = await timed(lister, 100)
    report("list of 100 sandboxes, p50", samples[50] * 1e6, "µs")
    report("list of 100 sandboxes, p99", samples[99] * 1e6, "µs")
    try:
        volume = await Volume.get("bench")
    except Exception:
        await Volume.create("bench")
        volume = await Volume.get("bench")
    files = volume.fs
    for name, length in SIZES.items():
        path, data = f"file-{length}", b"\1" * length
        times = 3 if length > 1e7 else 50 if length > 1e5 else 500
        for verb, call in {"write": lambda: files.write(path, data), "read": lambda: files.read(path)}.items():
            median = (await timed(call, times))[times // 2]
            if length < 2048:
                report(f"volume: {verb} {name}", median * 1e6, "µs")
            else:
                report(f"volume: {verb} {name}", length / median / 1e6, "MB/s")
    calls = await calls_per_second(lambda: files.read("file-1024"), 64, 0.5)
    report("volume: reads of 1 KiB, 64 in flight", calls, "calls/s")


asyncio.run(main())
