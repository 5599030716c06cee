"""What goes between a report's process and its runner: frames of a kind, a length and that many bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MESSAGE, OUT, ERR = b"M", b"O", b"E"
"""Kinds: a Jupyter message as JSON; text written to ``sys.stdout`` or ``sys.stderr``."""

_HEAD = struct.Struct("!cI")


def framed(kind: bytes, data: bytes) -> bytes:
    """Put a head before some bytes.

    Examples
    --------
    >>> list(framed(OUT, b"43"))
    [79, 0, 0, 0, 2, 52, 51]
    """
    return _HEAD.pack(kind, len(data)) + data


class Frames:
    """Find whole frames in bytes that come in pieces.

    Examples
    --------
    >>> frames = Frames()
    >>> list(frames.add(framed(OUT, b"one") + b"E"))
    [(b'O', b'one')]
    >>> list(frames.add(framed(ERR, b"two")[1:]))
    [(b'E', b'two')]
    """

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take more bytes, and yield the frames that are whole by now."""
        self._bytes += data
        begin = 0
        while len(self._bytes) >= begin + _HEAD.size:
            kind, length = _HEAD.unpack_from(self._bytes, begin)
            end = begin + _HEAD.size + length
            if len(self._bytes) < end:
                break
            yield kind, bytes(self._bytes[begin + _HEAD.size : end])
            begin = end
        del self._bytes[:begin]
