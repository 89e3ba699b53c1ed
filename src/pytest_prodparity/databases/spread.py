"""A hint to ext4 that makes databases cheap to create where many were dropped."""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

_GET, _SET = 0x80086601, 0x40086602
_TOPDIR = 0x00020000


def spread(folder: Path) -> None:
    """Let each folder made directly below `folder` lie in a block group of its own choice (`chattr +T`).

    By default a new database's files lie where the dropped ones lay, and an ext4 without a journal then searches past
    every recently freed inode for each new file: 300 files took 200 ms instead of 10. Elsewhere this does nothing.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return
    import fcntl

    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            flags = struct.unpack("l", fcntl.ioctl(handle, _GET, struct.pack("l", 0)))[0]
            fcntl.ioctl(handle, _SET, struct.pack("l", flags | _TOPDIR))
        finally:
            os.close(handle)
