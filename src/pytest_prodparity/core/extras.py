"""Optional packages: imported where used, named when missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import ProdparityError


@contextmanager
def extra(package: str, *, needed_for: str) -> Iterator[None]:
    """Turn a failed import inside the block into one message that says what to install, and for what."""
    try:
        yield
    except ImportError as cause:
        raise ProdparityError(
            f"{needed_for} needs the package {package!r}: {cause}.", fix=f'pip install "{package}"'
        ) from cause
