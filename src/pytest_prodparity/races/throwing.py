"""Ends from outside what a thread does."""

from __future__ import annotations

import ctypes
import sys
import threading


def throw(thread: int, error: type[BaseException]) -> None:
    """Raise it in the thread of that ident, at its next line of Python: one that waits for a lock, or sleeps, comes to none.

    Not under Python 3.11 with a trace function, such as coverage's or a debugger's: until it has arrived, other threads
    would run in circles.
    """
    if sys.version_info < (3, 12) and (sys.gettrace() is not None or threading.gettrace() is not None):
        return
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
