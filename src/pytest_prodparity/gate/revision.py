"""Which commit of the project's code ran, from Git's files: no command is run."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HOPS = 5
"""A name may stand for another name; never so often."""


def revision(folder: Path) -> str | None:
    """The commit that is checked out in `folder` or above; None where that cannot be told."""
    with suppress(OSError, UnicodeDecodeError):
        for place in (folder, *folder.parents):
            if (place / ".git").exists():
                return _head(_repository(place / ".git"))
    return None


def _repository(git: Path) -> Path:
    """The folder itself; of a worktree or submodule, the one that its file names."""
    if git.is_dir():
        return git
    return git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()


def _head(git: Path) -> str | None:
    shared = git / "commondir"
    common = git / shared.read_text(encoding="utf-8").strip() if shared.exists() else git
    said = (git / "HEAD").read_text(encoding="utf-8").strip()
    for _ in range(_HOPS):
        if _COMMIT.fullmatch(said):
            return said
        name = said.removeprefix("ref:").strip()
        if not said.startswith("ref:") or not re.fullmatch(r"refs/[^\0]+", name) or ".." in name:
            return None
        loose = next((place / name for place in (git, common) if (place / name).is_file()), None)
        said = loose.read_text(encoding="utf-8").strip() if loose else _packed(common, name)
    return None


def _packed(common: Path, name: str) -> str:
    packed = common / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.exists() else []
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")
