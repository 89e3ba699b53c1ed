"""All proxies of a run: armed, observed and lifted at once."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from ..core.errors import UsageError
from ..core.suggest import closest
from ..wire.delayed import Delay
from ..wire.gate import Gate
from .address import parse
from .certificates import Certificates
from .relay import Relay
from .trip import ServiceTap

_TLS = ("trusted", "expired")


class Relays:
    """What is set here holds for the open proxies, and for those that are opened later."""

    def __init__(self, root: Path) -> None:
        self.open_ones: list[Relay] = []
        self.taps: list[ServiceTap] = []
        """Each is told of every trip of every proxy. May change at any time."""
        self._root = root
        self._certificates = Certificates()
        self._standing: dict[str, Relay] = {}
        self._gate: Gate | None = None
        self._latency: Delay | None = None

    def open(self, url: str, *, tls: str | None = None, remote: str | None = None) -> Relay:
        """A proxy before the service of that URL. Raises UsageError for what is no such URL, ProdparityError otherwise."""
        if tls is not None and tls not in _TLS:
            raise UsageError(f"parity_proxy: tls={tls!r} is none of {', '.join(map(repr, _TLS))}{closest(tls, _TLS)}.")
        address = parse(url, remote=remote)
        if tls is not None and not address.http:
            raise UsageError(
                f"parity_proxy: tls={tls!r} is for HTTP, and {address.rest.scheme}:// is not.",
                fix="a service's own TLS passes through as it is: leave tls out",
            )
        relay = Relay(address, root=self._root, certificates=self._certificates, tls=tls)
        relay.taps = self.taps
        relay.gate, relay.latency = self._gate, self._latency
        relay.open()
        self.open_ones.append(relay)
        return relay

    def standing(self, url: str) -> Relay:
        """The proxy for a URL of the settings: one a URL, open until `close`. To be written there names the host."""
        if url not in self._standing:
            try:
                host = urlsplit(url).hostname
            except ValueError:
                host = None
            self._standing[url] = self.open(url, remote=host)
        return self._standing[url]

    def find(self, url: str) -> Relay | None:
        """The standing proxy for a URL, if the settings have one; also by its own URL."""
        return next((relay for known, relay in self._standing.items() if url in (known, relay.url)), None)

    @property
    def gate(self) -> Gate | None:
        """Asked before anything is sent on, by all proxies."""
        return self._gate

    @gate.setter
    def gate(self, gate: Gate | None) -> None:
        self._gate = gate
        for relay in self.open_ones:
            relay.gate = gate

    @property
    def latency(self) -> Delay | None:
        """What a round trip takes longer, through all proxies."""
        return self._latency

    @latency.setter
    def latency(self, latency: Delay | None) -> None:
        self._latency = latency
        for relay in self.open_ones:
            relay.latency = latency if latency is not None else relay.own_latency

    def delay(self, relay: Relay, latency: Delay | None) -> None:
        """This one's own latency, unless there is one for all."""
        relay.own_latency = latency
        relay.latency = self._latency if self._latency is not None else latency

    def settle(self, deadline: float) -> bool:
        """Wait until no exchange is under way, at most until then (`time.monotonic()`); whether that came."""
        return all(relay.settle(deadline) for relay in tuple(self.open_ones))

    def refuse(self) -> None:
        """From now on to `lift`, who connects to any of them is refused, as where nothing listens (ECONNREFUSED)."""
        for relay in tuple(self.open_ones):
            relay.refuse()

    def lift(self) -> None:
        """The end of all faults."""
        for relay in tuple(self.open_ones):
            relay.lift()

    def shut(self, relay: Relay) -> None:
        """This one is no longer needed."""
        relay.close()
        if relay in self.open_ones:
            self.open_ones.remove(relay)

    def close(self) -> None:
        """All of them, and the certificates."""
        for relay in tuple(self.open_ones):
            self.shut(relay)
        self._certificates.close()
