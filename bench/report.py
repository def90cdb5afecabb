"""What the benchmark programs with the official Python package share."""

import asyncio
import json
import time


def report(row, value, unit):
    print(json.dumps({"row": row, "value": value, "unit": unit}), flush=True)


async def calls_per_second(call, in_flight, seconds):
    calls = 0
    start = time.perf_counter()

    async def worker():
        nonlocal calls
        while time.perf_counter() < start + seconds:
            await call()
            calls += 1

    await asyncio.gather(*(worker() for _ in range(in_flight)))
    return calls / (time.perf_counter() - start)
