"""Frames of all threads."""

from __future__ import annotations

import gc
import threading

from pytest_prodparity.wire.frames import current_frames


def test_the_frames_are_those_of_now_and_the_collector_stays_as_it_was() -> None:
    assert current_frames()[threading.get_ident()].f_code is sys._getframe().f_code
    assert gc.isenabled()
    gc.disable()
    try:
        current_frames()
        assert not gc.isenabled()
    finally:
        gc.enable()
