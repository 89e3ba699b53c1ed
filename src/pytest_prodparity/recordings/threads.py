"""vcrpy's patches, made safe for threads.

While vcrpy makes one real connection it puts every library's own classes back for a moment, and a request of another
thread goes live then, without an error, even where nothing may be recorded. Nothing has to be put back: the one class
that looks its own name up, http.client's HTTPSConnection, is given the names as they were.
"""

from __future__ import annotations

import http.client
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FunctionType
from typing import Any
from unittest import mock

from vcr import patch
from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection

_ORIGINAL: dict[str, Any] = {"HTTPConnection": patch._HTTPConnection, "HTTPSConnection": patch._HTTPSConnection}  # noqa: SLF001  # as vcrpy keeps them
_LOCK = threading.RLock()


def _frozen(function: Callable[..., None]) -> Callable[..., None]:
    """The function, which finds the unpatched classes whatever the module says."""
    assert isinstance(function, FunctionType)
    names = {**vars(http.client), **_ORIGINAL}
    made = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


_Https: Any = type(
    "HTTPSConnection", (_ORIGINAL["HTTPSConnection"],), {"__init__": _frozen(_ORIGINAL["HTTPSConnection"].__init__)}
)


class _Closing:
    """What is broken off is closed: nobody else knows of the real connection."""

    def getresponse(self, *arguments: Any, **named: Any) -> Any:
        try:
            return super().getresponse(*arguments, **named)  # type: ignore[misc]
        except BaseException:
            self.real_connection.close()  # type: ignore[attr-defined]
            raise


class HttpConnection(_Closing, VCRHTTPConnection):  # type: ignore[misc]
    """Of http.client and urllib."""


class HttpsConnection(_Closing, VCRHTTPSConnection):  # type: ignore[misc]
    """Of http.client and urllib, over TLS."""

    _baseclass = _Https


PATCHES = ((http.client, "HTTPConnection", HttpConnection), (http.client, "HTTPSConnection", HttpsConnection))
"""Instead of vcrpy's own group `httplib`."""


@contextmanager
def _reset() -> Iterator[None]:
    """In place of `vcr.patch.force_reset`."""
    httplib2 = sys.modules.get("httplib2")
    if httplib2 is None:
        yield
        return
    with _LOCK, ExitStack() as stack:
        for name in ("HTTPConnectionWithTimeout", "HTTPSConnectionWithTimeout", "SCHEME_TO_CONNECTION"):
            stack.enter_context(mock.patch.object(httplib2, name, getattr(patch, f"_{name}")))
        yield


@contextmanager
def safe() -> Iterator[None]:
    """While a cassette of ours is in."""
    with mock.patch.object(patch, "force_reset", _reset):
        yield
