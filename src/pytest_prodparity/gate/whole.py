"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..core.errors import ProdparityError


def write_whole(path: Path, text: str, *, what: str, fix: str) -> None:
    """Write by way of a file beside it; half characters are escaped as JSON has them. Raises ProdparityError naming the path and the cause."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.write(text)
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as cause:
        raise ProdparityError(f"The {what} {path} could not be written: {cause.strerror or cause}.", fix=fix) from cause
