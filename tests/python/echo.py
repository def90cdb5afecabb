"""Calls the library from Python with nothing but include/microsandbox.json: what another SDK would do.

echo.py LIBRARY
"""

import ctypes
import json
import struct
import sys
from pathlib import Path

DESCRIPTION = json.loads((Path(__file__).resolve().parents[2] / "include/microsandbox.json").read_text())
STATUS = DESCRIPTION["statuses"]
FRAME = DESCRIPTION["frame"]
OPERATION = {operation["name"]: operation["number"] for operation in DESCRIPTION["operations"]}


class Client:
    def __init__(self, library):
        self.library = ctypes.CDLL(library)
        assert self.library.msb_abi_version() == DESCRIPTION["abi"], "another version"
        self.number, self.requests, self.buffer = ctypes.c_uint32(), 0, bytearray(1024)
        self.check(self.library.msb_client_open(None, 0, ctypes.byref(self.number)))

    def check(self, status):
        names = [name for name, value in STATUS.items() if value == status]
        assert names == ["ok"], names

    def receive(self):
        """Returns what is waiting, in a buffer that grows to the size of the largest frame."""
        while True:
            length = ctypes.c_uint32()
            out = (ctypes.c_uint8 * len(self.buffer)).from_buffer(self.buffer)
            status = self.library.msb_receive(self.number, out, len(self.buffer), ctypes.byref(length))
            if status != STATUS["bufferTooSmall"]:
                self.check(status)
                return bytes(self.buffer[: length.value])
            self.buffer = bytearray(length.value)

    def call(self, name, options=None, data=b"", handle=0):
        """Returns the result, the bytes, the handle and the events of an operation."""
        self.requests += 1
        text, events = json.dumps(options or {}).encode(), []
        self.check(self.library.msb_submit(
            self.number, self.requests, OPERATION[name], handle, text, len(text), data, len(data)))
        while True:
            self.check(self.library.msb_wait(self.number, 60_000))
            rest = self.receive()
            while rest:
                _, kind, made, *lengths = struct.unpack_from("<5I", rest)
                end = FRAME["headerLength"] + lengths[0]
                value = json.loads(rest[FRAME["headerLength"]:end] or "null")
                raw, rest = rest[end:end + lengths[1]], rest[end + lengths[1]:]
                if kind == FRAME["kinds"]["event"]:
                    events.append((value, raw))
                elif kind == FRAME["kinds"]["error"]:
                    assert value["code"] in DESCRIPTION["errorCodes"], value
                    raise RuntimeError(value["code"])
                else:
                    return value, raw, made, events


client = Client(sys.argv[1])
assert client.call("echo.call", {"a": [1]}, b"\0\1") == ({"a": [1]}, b"\0\1", 0, [])
assert client.call("echo.call", {}, b"x" * 5000)[1] == b"x" * 5000
stream = client.call("echo.stream", {"items": 2, "itemLength": 3})[2]
done, _, _, items = client.call("stream.read", {"credit": 9}, handle=stream)
assert done == {"done": True} and items == [(0, b"\0\0\0"), (1, b"\1\1\1")], (done, items)
try:
    client.call("echo.fail", {"mesage": "no"})
    raise SystemExit("an option that does not exist was taken")
except RuntimeError as error:
    assert str(error) == "unknown-option", error
client.check(client.library.msb_client_close(client.number))
