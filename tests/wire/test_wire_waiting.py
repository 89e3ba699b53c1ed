"""Asking the kernel what a thread waits for."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from pytest_prodparity.wire.waiting import Waiting


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel does not tell")
def test_connections_that_ask_at_once_leave_no_descriptor_behind() -> None:
    # Whoever looks whether a file is open is kept there until all have looked.
    asking = threading.Barrier(8)

    class Together(dict[int, int]):
        def get(self, key: int, default: object = None) -> int | None:  # type: ignore[override]
            found = super().get(key)
            asking.wait(10)
            return found

    waitings = [Waiting() for _ in range(3)]
    for waiting in waitings:
        waiting._files = Together()
    before = len(list(Path("/proc/self/fd").iterdir()))
    native = threading.get_native_id()

    def ask() -> None:
        for waiting in waitings:
            waiting.on(native, 0)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + len(waitings)
    for waiting in waitings:
        waiting.close()
