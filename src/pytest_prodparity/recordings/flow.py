"""One test's recorded flow: a cassette that is recorded or played, from the first request to the file."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..core.errors import UsageError
from ..core.findings import Source
from . import places, store
from .cassette import Cassette, Judge, named
from .choices import Choices
from .exchange import Exchange, Request, Ruling, Verdict
from .secrets import Vault
from .signing import resigned
from .store import Placeholder, Tape

Play = Callable[[Tape], Judge]
"""Who rules about the requests of a recording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """One request on replay, and what was ruled about it."""

    what: str
    """`GET https://host/path`."""
    ruling: Ruling
    source: Source | None = None
    request: Request | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """What a project's `vcr_config` says that holds here too."""

    before_request: Callable[[Any], Any] | None = None
    before_response: Callable[[Any], Any] | None = None
    skip: tuple[str, ...] = ()
    custom: tuple[Any, ...] = ()


class Nothing:
    """Where there is no cassette."""

    def ask(self, request: Request) -> Ruling:  # noqa: ARG002  # the protocol's
        """No answer."""
        return Ruling(verdict=Verdict.NOT_COVERED, response=None, why="there is no cassette")


_LIVE: set[str] = set()
"""Cassettes that this process is recording or has recorded."""
_ONE = threading.Lock()


@dataclass(kw_only=True)
class Flow:
    """Records or plays one cassette for one test."""

    path: Path
    mode: str
    """`none`, `once` or `all`."""
    choices: Choices
    play: Play
    hooks: Hooks = field(default_factory=Hooks)
    asked: Callable[[str], None] = lambda _host: None
    """Told each host that is reached while recording."""
    source: Callable[[], Source | None] = lambda: None
    """The user's line that is under way."""
    note: Callable[[str], None] = lambda _text: None
    test: str = ""
    heard: list[Heard] = field(default_factory=list)
    tape: Tape | None = None
    judge: Judge | None = None
    _cassette: Cassette | None = None
    _vault: Vault | None = None
    _kept: bool = False

    @property
    def records(self) -> bool:
        """Does it record? Known once it is open."""
        return self._cassette is not None and self._cassette.records

    @property
    def played(self) -> int:
        """Requests answered from the recording."""
        return 0 if self._cassette is None else self._cassette.played

    @contextmanager
    def open(self) -> Iterator[None]:
        """Requests within the block go through the cassette. A recording is written by `keep`, after the block."""
        if not _ONE.acquire(blocking=False):
            raise UsageError("parity_http: a recording is open in this process; there is one at a time.")
        with ExitStack() as stack:
            stack.callback(_ONE.release)
            try:
                recorded = store.read(self.path)
            except UsageError:
                if self.mode != "all":
                    raise
                recorded = None
            if self.mode == "all" or (self.mode == "once" and recorded is None):
                stack.enter_context(self._claimed())
                cassette = self._recording()
            else:
                cassette = self._playing(recorded, stack)
            self._cassette = cassette
            with cassette.inserted():
                yield
            if cassette.records and self._kept:
                self._write(cassette)

    def keep(self) -> None:
        """The test came to a good end: what it recorded is worth a file, once the block ends."""
        self._kept = True

    # --- recording

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        place = str(self.path.absolute())
        if place in _LIVE:
            raise UsageError(
                f"{self.path} is recorded by another test of this run; each test needs a cassette of its own.",
                fix="leave the name to prodparity, or give each test its own",
            )
        with store.locked(self.path):
            _LIVE.add(place)
            yield

    def _recording(self) -> Cassette:
        self._vault = Vault(os.environ, self.choices.env, self.choices.harmless)
        return self._made(None)

    def _made(self, judge: Judge | None, **more: Any) -> Cassette:
        return Cassette(
            self.path,
            judge=judge,
            heard=self._hear,
            asked=self.asked,
            before_request=self.hooks.before_request,
            before_response=self.hooks.before_response,
            skip=self.hooks.skip,
            custom=self.hooks.custom,
            most=self.choices.max_body if judge is None else 0,
            **more,
        )

    def _write(self, cassette: Cassette) -> None:
        """Raises where a secret would be written, and where there is nothing to write."""
        vault = self._vault
        assert vault is not None
        exchanges: Sequence[Exchange] = cassette.exchanges
        if cassette.too_large is not None:
            raise UsageError(
                f"{self.path} was not written: {cassette.too_large}.",
                fix='ask for less in the test, or raise max_body in [tool.prodparity.http], such as max_body = "64 MB"',
            )
        for what in cassette.unanswered:
            self.note(f"recording: {what} was not answered, and is not in {self.path}")
        if not exchanges:
            if cassette.unanswered:
                raise UsageError(
                    f"{self.path} was not written: {cassette.unanswered[0]} was not answered while recording.",
                    fix="record again when the service can be reached",
                )
            return
        if self.choices.probes:
            from .probes import probed

            exchanges = probed(exchanges, most=self.choices.max_body, note=self.note)
        for one in exchanges:
            vault.learn_from(one)
        hidden, signatures = _signed(exchanges, vault)
        tape = Tape(
            exchanges=hidden,
            recorded_at=exchanges[0].at or time.time(),
            environment=vault.environment,
            placeholders=(
                *(Placeholder(kind=vault.kinds[value], placeholder=made) for value, made in vault.placeholders.items()),
                *(Placeholder(kind="signature", placeholder=made) for made in signatures),
            ),
        )
        store.write(self.path, tape, vault.known)
        self.tape = tape

    # --- playing

    def _playing(self, recorded: Tape | None, stack: ExitStack) -> Cassette:
        self.tape = recorded
        if recorded is None:
            self.judge = Nothing()
            return self._made(self.judge)
        self.judge = self.play(recorded)
        held = {name: os.environ.get(name) for name in recorded.environment}
        stack.enter_context(_environment(recorded.environment))
        return self._made(self.judge, **_translation(recorded.environment, held))

    def _hear(self, request: Request, ruling: Ruling) -> None:
        what = named(request.method, request.url)
        self.heard.append(Heard(what=what, ruling=ruling, source=self.source(), request=request))


def _signed(exchanges: Sequence[Exchange], vault: Vault) -> tuple[tuple[Exchange, ...], list[str]]:
    """With placeholders, and signed again with those of the keys: of a signature nothing can be checked else."""
    made, signatures = [], []
    for one in exchanges:
        hidden = vault.hidden(one)
        if any("signature" in kind or kind in ("sig", "hmac", "mac") for _, kind in places.of(one)):
            for name, value in vault.unused.items():
                # A key that is never sent is known by what it signed.
                if resigned(one.request, hidden.request, {value: name}) != hidden.request:
                    vault.learn(value, name.lower())
            asked = resigned(one.request, hidden.request, vault.placeholders)
            if asked != hidden.request:
                before = {value for value, _ in places.of(hidden)}
                hidden = replace(hidden, request=asked)
                signatures += [value for value, _ in places.of(hidden) if value not in before]
        made.append(hidden)
    return tuple(made), signatures


def _translation(placeholders: Mapping[str, str], held: Mapping[str, str | None]) -> dict[str, Any]:
    """What the code read from its environment before the test stands for the same as what it reads now."""
    pairs = {value: placeholders[name] for name, value in held.items() if value and value != placeholders[name]}
    if not pairs:
        return {}
    vault = Vault({})
    for value, made in pairs.items():
        vault.stand(value, made)
    return {"translate": vault.text, "translate_field": vault.field}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
