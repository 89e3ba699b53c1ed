"""aiohttp, hop by hop: each request as it is sent, with its cookies and credentials, redirects among them.

vcrpy sees one call with all its redirects, and on replay sends the first hop's credentials along with each. A client
middleware (aiohttp 3.12) sees what goes to the server.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .cassette import Cassette


def patches(cassette: Cassette) -> tuple[tuple[object, str, object], ...] | None:
    """What takes the place of vcrpy's patch; None where aiohttp is not installed or too old."""
    try:
        from aiohttp import ClientSession, client_middlewares  # noqa: F401
        from vcr import patch
    except ImportError:
        return None
    real = patch._AiohttpClientSessionRequest  # noqa: SLF001  # as vcrpy keeps it
    return ((ClientSession, "_request", _patched(cassette, real)),)


def _patched(cassette: Cassette, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def last(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        return await _hop(cassette, request, handler)

    @functools.wraps(real)
    async def _request(self: Any, *arguments: Any, **named: Any) -> Any:
        own = named.get("middlewares")
        if own is None:
            own = getattr(self, "_middlewares", None) or ()
        named["middlewares"] = (*own, last)
        return await real(self, *arguments, **named)

    return _request


async def _hop(cassette: Cassette, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
    from vcr.request import Request

    sent = request.body
    body = sent if isinstance(sent, bytes) else await sent.as_bytes()
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[str(name)] = f"{headers[str(name)]}, {value}" if str(name) in headers else value
    asked = Request(request.method, str(request.url), body or None, headers)
    if cassette.can_play_response_for(asked):
        return _response(request, cassette.play_response(asked))
    if cassette.write_protected and cassette.filter_request(asked):
        raise cassette.unplayable(asked)
    response = await handler(request)
    await _record(cassette, asked, response)
    return response


async def _record(cassette: Cassette, asked: Any, response: Any) -> None:
    """Read it, put it into the cassette, and let the caller read it again."""
    from vcr.stubs import aiohttp_stubs

    from .cassette import named

    if response.status == 101:
        return
    parts, size = [], 0
    try:
        async for part in response.content.iter_any():
            parts.append(part)
            size += len(part)
            cassette.check(named(asked.method, asked.uri), size)
    except BaseException:
        response.close()
        raise
    body = response._body = b"".join(parts)  # noqa: SLF001  # where it keeps what was read
    if body:
        response.content = aiohttp_stubs.MockStream(body)
    headers: dict[str, list[str]] = {}
    for name, value in response.headers.items():
        headers.setdefault(str(name), []).append(value)
    status = {"code": response.status, "message": response.reason}
    cassette.append(asked, {"status": status, "headers": headers, "body": {"string": body}})


def _response(request: Any, played: dict[str, Any]) -> Any:
    from aiohttp import RequestInfo
    from multidict import CIMultiDict, CIMultiDictProxy
    from vcr.stubs import aiohttp_stubs

    info = RequestInfo(request.url, request.method, CIMultiDictProxy(CIMultiDict(request.headers)), request.url)
    response = aiohttp_stubs.MockClientResponse(request.method, request.url, request_info=info)
    response.status = played["status"]["code"]
    response.reason = played["status"]["message"]
    response._body = played["body"]["string"]  # noqa: SLF001  # as vcrpy's own stub does
    fields = CIMultiDict((name, value) for name, values in played["headers"].items() for value in values)
    response._headers = CIMultiDictProxy(fields)  # noqa: SLF001
    response._raw_headers = tuple(  # noqa: SLF001
        (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
        for name, value in fields.items()
    )
    cookies = tuple(fields.getall("Set-Cookie", ()))
    if cookies:
        response._raw_cookie_headers = cookies  # noqa: SLF001
    response.close()
    response.content = aiohttp_stubs.MockStream(response._body)  # noqa: SLF001
    return response
