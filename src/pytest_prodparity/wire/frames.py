"""What every thread is doing, asked without the risk of standing still for ever."""

from __future__ import annotations

import gc
import sys
import threading
from types import FrameType

_asking = threading.Lock()


def _without_collection() -> dict[int, FrameType]:
    with _asking:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()  # noqa: SLF001  # the documented way to see other stacks
        finally:
            if collects:
                gc.enable()


# Python 3.11 deadlocks if it collects garbage while it makes these frames, and never got the remedy:
# https://github.com/python/cpython/issues/106883
current_frames = _without_collection if sys.version_info < (3, 12) else sys._current_frames  # noqa: SLF001
