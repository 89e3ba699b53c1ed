"""Frames of all threads."""

from __future__ import annotations

import gc
import threading
from types import FrameType

from pytest_prodparity.wire.frames import current_frames


def test_the_frames_are_those_of_now() -> None:
    waits, goes_on = threading.Event(), threading.Event()

    def wait_here() -> None:
        waits.set()
        goes_on.wait()

    thread = threading.Thread(target=wait_here)
    thread.start()
    waits.wait()
    at: FrameType | None = current_frames()[thread.ident or 0]
    names = []
    while at is not None:
        names.append(at.f_code.co_name)
        at = at.f_back
    goes_on.set()
    thread.join()
    assert "wait_here" in names


def test_the_collector_stays_as_it_was() -> None:
    current_frames()
    assert gc.isenabled()
    gc.disable()
    try:
        current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
