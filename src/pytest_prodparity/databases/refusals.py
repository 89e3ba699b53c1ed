"""Images that no registry gave: not asked for again at once, because to be refused can take long."""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import suppress
from pathlib import Path

from ..core.errors import ProdparityError
from .account import Account
from .cache import cache

PATIENCE = 3600
"""Seconds for which a refusal holds."""


class NoImage(ProdparityError):
    """The image is not there, and no registry gives it."""


def remember(image: str, why: str) -> None:
    """A registry has just refused. Never raises."""
    with suppress(OSError, ProdparityError):
        path = _path(image)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.write_text(json.dumps({"why": why, "at": time.time()}))


def recent(image: str) -> str | None:
    """What was said within the last hour, and when it is asked again; None where it is time to ask."""
    try:
        said = json.loads(_path(image).read_text())
        waited = time.time() - said["at"]
        why = str(said["why"])
    except (OSError, ValueError, KeyError, TypeError, ProdparityError):
        return None
    if not 0 <= waited < PATIENCE:
        return None
    ago, later = int(waited // 60), int((PATIENCE - waited) // 60) + 1
    return f"{why} (asked {ago} min ago, again in {later} min; sooner: docker pull {image})"


def _path(image: str) -> Path:
    name = hashlib.sha256(image.encode()).hexdigest()[:16]
    return cache(Account.current()).root / "refusals" / f"{name}.json"
