"""A bound on what is read for a cassette: a download of a gigabyte ends at once, and not in memory."""

from __future__ import annotations

import http.client
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cassette import Cassette


PART = 65_536


def bounded(cassette: Cassette) -> tuple[tuple[object, str, object], ...]:
    """Of http.client, and with it of urllib, urllib3 and requests."""

    class Bounded(http.client.HTTPResponse):
        def begin(self) -> None:
            super().begin()
            self._check(self.length or 0)

        def read(self, amt: int | None = None) -> bytes:
            if amt is not None and amt >= 0:
                return super().read(amt)
            parts, size = [], 0
            while part := super().read(PART):
                parts.append(part)
                size += len(part)
                self._check(size)
            return b"".join(parts)

        def _check(self, size: int) -> None:
            try:
                cassette.check(None, size)
            except BaseException:
                self.close()
                raise

    return ((http.client.HTTPConnection, "response_class", Bounded),)


def limited(cassette: Cassette) -> tuple[tuple[object, str, object], ...]:
    """In place of vcrpy's patches; none where httpx is not installed."""
    try:
        import httpx
        from vcr import patch
        from vcr.stubs import httpx_stubs
    except ImportError:
        return ()
    sync = _sync(cassette, patch._HttpxHttpTransport_handle_request)  # noqa: SLF001  # as vcrpy keeps them
    aside = _async(cassette, patch._HttpxAsyncHttpTransport_handle_async_request)  # noqa: SLF001
    return (
        (httpx.HTTPTransport, "handle_request", httpx_stubs.vcr_handle_request(cassette, sync, httpx)),
        (
            httpx.AsyncHTTPTransport,
            "handle_async_request",
            httpx_stubs.vcr_handle_async_request(cassette, aside, httpx),
        ),
    )


def _sync(cassette: Cassette, real: Callable[..., Any]) -> Callable[..., Any]:
    def handle(self: Any, request: Any) -> Any:
        response = real(self, request)
        response.stream = _Sync(cassette, response.stream, request)
        return response

    return handle


def _async(cassette: Cassette, real: Callable[..., Any]) -> Callable[..., Any]:
    async def handle(self: Any, request: Any) -> Any:
        response = await real(self, request)
        response.stream = _Async(cassette, response.stream, request)
        return response

    return handle


class _Counting:
    def __init__(self, cassette: Cassette, stream: Any, request: Any) -> None:
        self._cassette = cassette
        self._stream = stream
        self._what = f"{request.method} {request.url.copy_with(query=None)}"
        self._size = 0

    def _count(self, part: bytes) -> bytes:
        self._size += len(part)
        self._cassette.check(self._what, self._size)
        return part


class _Sync(_Counting):
    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            yield self._count(part)

    def close(self) -> None:
        self._stream.close()


class _Async(_Counting):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._stream:
            yield self._count(part)

    async def aclose(self) -> None:
        await self._stream.aclose()
