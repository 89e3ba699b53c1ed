"""What vcrpy asks at each request: recorded as it comes, or answered by whoever rules about it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from vcr.cassette import Cassette as Base
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.patch import CassettePatcherBuilder
from vcr.record_mode import RecordMode

from . import aio, store, threads
from .exchange import Exchange, Request, Response, Ruling
from .limit import bounded, limited


class Judge(Protocol):
    """Rules about each request on replay."""

    def ask(self, request: Request) -> Ruling:
        """Called by whatever thread sends it."""


class NotRecorded(CannotOverwriteExistingCassetteException):  # type: ignore[misc]
    """The recording has no answer for this request; vcrpy's own error, for code that knows it."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)


class TooLarge(Exception):
    """A response that no cassette takes."""


Heard = Callable[[Request, Ruling], None]
Filter = Callable[[Any], Any]


class Cassette(Base):  # type: ignore[misc]
    """One cassette, while its test runs: it records, or it plays."""

    def __init__(
        self,
        path: Path,
        *,
        judge: Judge | None,
        translate: Callable[[str], str] = str,
        translate_field: Callable[[str, str], str] = lambda _name, value: value,
        heard: Heard = lambda _request, _ruling: None,
        asked: Callable[[str], None] = lambda _host: None,
        before_request: Filter | None = None,
        before_response: Filter | None = None,
        skip: tuple[str, ...] = (),
        custom: tuple[Any, ...] = (),
        most: int = 0,
    ) -> None:
        """Without a judge it records. `translate` turns what the code read before the test into placeholders.

        `asked` is told each host that is to be reached.
        """
        own = aio.patches(self)
        super().__init__(
            path=str(path),
            record_mode=RecordMode.ALL if judge is None else RecordMode.NONE,
            before_record_request=before_request,
            before_record_response=before_response,
            skip_patchers=tuple({*skip, "httplib", "httpx", *(() if own is None else ("aiohttp",))}),
            custom_patches=(
                *custom,
                *threads.PATCHES,
                *(own or ()),
                *limited(self),
                *(bounded(self) if judge is None and most else ()),
            ),
        )
        self._judge = judge
        self._translate = translate
        self._translate_field = translate_field
        self._heard = heard
        self._tell = asked
        self._guard = threading.Lock()
        self._asked: dict[int, Any] = {}
        self.most = most
        """Bytes of a body; 0: as many as there are."""
        self.exchanges: list[Exchange] = []
        """Recorded so far."""
        self.played = 0
        self.too_large: str | None = None

    @property
    def records(self) -> bool:
        """Does it record?"""
        return self._judge is None

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What was asked while recording, and not answered: `GET https://host/path`."""
        with self._guard:
            return tuple(named(str(one.method), str(one.uri)) for one in self._asked.values())

    # --- what vcrpy's stubs call

    def can_play_response_for(self, request: Any) -> bool:
        """Is it for the judge? Asked several times for one request."""
        asked = self.filter_request(request)
        if self.records or not asked:
            self._tell(request.host or "")
        if not asked:
            return False
        if self.records:
            with self._guard:
                self._asked[id(request)] = request
        return not self.records

    def play_response(self, request: Any) -> dict[str, Any]:
        """The answer; raises NotRecorded where there is none."""
        assert self._judge is not None
        asked = self.filter_request(request)
        sent = request_of(asked, self._translate, self._translate_field)
        ruling = self._judge.ask(sent)
        self._heard(sent, ruling)
        if ruling.response is None:
            raise self.unplayable(asked, ruling.why)
        with self._guard:
            self.played += 1
        return of_response(ruling.response)

    def unplayable(self, request: Any, why: str = "") -> NotRecorded:
        """The error for a request without an answer."""
        what = named(str(request.method), self._translate(str(request.uri)))
        if not Path(self.path).exists():
            why = "there is no cassette"
        return NotRecorded(
            f"{what} is not in the recording {self.path}{f': {why}' if why else ''}. "
            "To record it again: --parity-record=all"
        )

    def append(self, request: Any, response: Any) -> None:
        """A request and its response, as they were; they are made fit for a file at the end."""
        with self._guard:
            self._asked.pop(id(request), None)
        kept = self.filter_request(request)
        if not kept:
            return
        if self._before_record_response is not None:
            import copy

            response = self._before_record_response(copy.deepcopy(response))
        if response is None:
            return
        sent = request_of(kept)
        answered = response_of(response)
        self.check(named(sent.method, sent.url), len(answered.body))
        with self._guard:
            number = len(self.exchanges)
            self.exchanges.append(Exchange(number=number, request=sent, response=answered, at=time.time()))

    def check(self, what: str | None, size: int) -> None:
        """Raise TooLarge where a body is more than a cassette takes; without a name, that of the request under way."""
        if not self.most or size <= self.most:
            return
        if what is None:
            what = next(reversed(self.unanswered), "a request")
        self.too_large = f"the answer to {what} has more than {self.most:,} bytes, the most that a cassette takes"
        raise TooLarge(f"prodparity: {self.too_large}")

    def find_requests_with_most_matches(self, request: Any) -> list[Any]:  # noqa: ARG002  # vcrpy's signature
        """vcrpy would take a recorded request, with its credentials, for the one that is sent."""
        return []

    def _load(self) -> None: ...

    def _save(self, force: bool = False) -> None: ...  # vcrpy's signature

    @contextmanager
    def inserted(self) -> Iterator[None]:
        """Every library's requests go through it."""
        with ExitStack() as stack:
            stack.enter_context(threads.safe())
            for patcher in CassettePatcherBuilder(self).build():
                stack.enter_context(patcher)
            yield


def named(method: str, url: str) -> str:
    """`GET https://host/path`, without the query, in which there may be secrets."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return method
    return f"{method} {parts.scheme}://{host}{port}{parts.path}"


def request_of(
    request: Any, translate: Callable[[str], str] = str, field: Callable[[str, str], str] = lambda _name, value: value
) -> Request:
    """From vcrpy's."""
    headers = store.fields({str(name): value for name, value in request.headers.items()})
    body = store.bytes_of(request.body)
    if translate is not str:
        headers = tuple((name, field(name, value)) for name, value in headers)
        body = translate(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    url = translate(str(request.uri)).partition("#")[0]
    return Request(method=str(request.method).upper(), url=url, headers=headers, body=body)


def response_of(response: Mapping[str, Any]) -> Response:
    """From vcrpy's, without content coding."""
    return store.plain(
        Response(
            status=int(response["status"]["code"]),
            reason=response["status"].get("message") or "",
            headers=store.fields(response["headers"]),
            body=store.bytes_of(response.get("body")),
        )
    )


def of_response(response: Response) -> dict[str, Any]:
    """For vcrpy's stubs."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": headers,
        "body": {"string": response.body},
    }
