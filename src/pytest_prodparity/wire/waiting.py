"""Which file descriptor a thread of this process waits on, asked from the Linux kernel."""

from __future__ import annotations

import os
import platform
import struct
import sys

_READS = {"x86_64": (0, 45, 47), "aarch64": (63, 207, 212)}
"""read, recvfrom, recvmsg"""
_WRITES = {"x86_64": (1, 44, 46), "aarch64": (64, 206, 211)}
"""write, sendto, sendmsg"""
_POLLS = {"x86_64": (7, 271), "aarch64": (73,)}
"""poll, ppoll"""
_SELECTS = {"x86_64": (23, 270), "aarch64": (72,)}
"""select, pselect6"""
_EPOLLS = {"x86_64": (232, 281, 441), "aarch64": (22, 441)}
"""epoll_wait, epoll_pwait, epoll_pwait2: an event loop waits there for many at once"""
_KEPT = 256


class Waiting:
    """Reads `/proc/self/task/TID/syscall`. Elsewhere than on Linux on x86-64 and ARM it can tell nothing."""

    def __init__(self) -> None:
        machine = platform.machine()
        self.works = sys.platform == "linux" and machine in _READS
        self._direct = frozenset(_READS.get(machine, ()) + _WRITES.get(machine, ()))
        self._polls = frozenset(_POLLS.get(machine, ()))
        self._selects = frozenset(_SELECTS.get(machine, ()))
        self._epolls = frozenset(_EPOLLS.get(machine, ()))
        self._files: dict[int, int] = {}
        self._memory = -1
        if self.works:
            try:
                self._memory = os.open("/proc/self/mem", os.O_RDONLY | os.O_CLOEXEC)
                self._syscall(os.getpid())
            except OSError:
                self.close()
                self.works = False

    def close(self) -> None:
        """Close what is open."""
        files, self._files = self._files, {}
        for file in files.values():
            os.close(file)
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    def on(self, thread: int, descriptor: int) -> bool | None:
        """Whether the thread of that native id waits on `descriptor`; None when it runs, or cannot be told."""
        if not self.works:
            return None
        try:
            said = self._syscall(thread)
            number = int(said[0])
            if number in self._direct:
                return int(said[1], 16) == descriptor
            if number in self._polls:
                return self._in_poll(int(said[1], 16), int(said[2], 16), descriptor)
            if number in self._selects:
                return self._in_select(int(said[2], 16), descriptor) or self._in_select(int(said[3], 16), descriptor)
            if number in self._epolls:
                return None
        except (OSError, ValueError, IndexError, struct.error):
            return None
        return False

    def call(self, thread: int) -> tuple[int, ...] | None:
        """What the thread of that native id sleeps in: the call's number, its arguments, stack and program; empty while
        it runs, None where that cannot be told.
        """
        if not self.works:
            return None
        try:
            said = self._syscall(thread)
            return (int(said[0]), *[int(one, 16) for one in said[1:]]) if said[0] != b"running" else ()
        except (OSError, ValueError, IndexError):
            return None

    def time(self, address: int) -> float | None:
        """The seconds of a `timespec` in this process's memory."""
        try:
            seconds, nanoseconds = struct.unpack("=qq", os.pread(self._memory, 16, address))
        except (OSError, struct.error, OverflowError):
            return None
        return float(seconds) + float(nanoseconds) / 1e9

    def _syscall(self, thread: int) -> list[bytes]:
        file = self._files.get(thread)
        if file is None:
            if len(self._files) >= _KEPT:
                files, self._files = self._files, {}
                for old in files.values():
                    os.close(old)
            opened = os.open(f"/proc/self/task/{thread}/syscall", os.O_RDONLY | os.O_CLOEXEC)
            file = self._files.setdefault(thread, opened)
            if file != opened:  # another connection has asked at the same moment
                os.close(opened)
        try:
            return os.pread(file, 256, 0).split()
        except OSError:
            # The thread is gone; another one may get its number.
            if self._files.pop(thread, None) is not None:
                os.close(file)
            raise

    def _in_poll(self, address: int, count: int, descriptor: int) -> bool:
        held = os.pread(self._memory, 8 * min(count, 1024), address)
        return any(number == descriptor for number, _ in struct.iter_unpack("=iI", held))

    def _in_select(self, address: int, descriptor: int) -> bool:
        if not address:
            return False
        held = os.pread(self._memory, 1, address + descriptor // 8)
        return bool(held[0] & 1 << descriptor % 8)
