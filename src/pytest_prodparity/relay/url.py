"""What `parity_proxy` gives."""

from __future__ import annotations

from .relay import Relay
from .trip import ServiceTrip


class ProxyUrl(str):
    """The service's URL through the proxy: a plain text for clients, configuration and subprocesses, and a little more."""

    __slots__ = ("relay",)

    relay: Relay
    """The proxy itself."""

    def __new__(cls, relay: Relay) -> ProxyUrl:
        made = super().__new__(cls, relay.url)
        made.relay = relay
        return made

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # A copy, as settings are copied, or one in another process, is the text alone.
        return str, (str(self),)

    @property
    def trips(self) -> tuple[ServiceTrip, ...]:
        """What has passed so far: of HTTP each request with its answer."""
        return tuple(self.relay.trips)

    @property
    def ca(self) -> str:
        """With TLS, the path of the certificate that the client has to trust: `requests.get(url, verify=url.ca)`."""
        return str(self.relay.ca)
