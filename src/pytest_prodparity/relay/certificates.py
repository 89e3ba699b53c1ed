"""Certificates for the client's side of a proxy under TLS, from an authority that exists for this run only."""

from __future__ import annotations

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.extras import extra

if TYPE_CHECKING:
    import trustme

NAMES = ("127.0.0.1", "localhost")


class Certificates:
    """Made on first use, since keys take time. Raises ProdparityError without the package trustme."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._contexts: dict[bool, ssl.SSLContext] = {}

    @cached_property
    def _authority(self) -> trustme.CA:
        with extra("trustme", needed_for="parity_proxy with TLS"):
            import trustme
        return trustme.CA(organization_name="pytest-prodparity, for this run only")

    @cached_property
    def file(self) -> Path:
        """The authority's certificate, for a client's `verify=`; gone after `close`."""
        self._folder = tempfile.TemporaryDirectory(prefix="prodparity-ca-")
        path = Path(self._folder.name) / "ca.pem"
        self._authority.cert_pem.write_to_path(str(path))
        Path(self._folder.name).chmod(0o755)  # a server under test may run as somebody else
        return path

    def context(self, *, expired: bool) -> ssl.SSLContext:
        """A server's context that shows a certificate for 127.0.0.1 and localhost; HTTP/1.1 is all it agrees to."""
        if expired not in self._contexts:
            now = datetime.now(UTC)
            begins, ends = (now - timedelta(days=90), now - timedelta(days=1)) if expired else (None, None)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            issued = self._authority.issue_cert(*NAMES, not_before=begins, not_after=ends)
            issued.configure_cert(context)
            self._contexts[expired] = context
        return self._contexts[expired]

    def close(self) -> None:
        """Remove the file."""
        if self._folder is not None:
            self._folder.cleanup()
