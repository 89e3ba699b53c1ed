"""What cassettes put into the environment, before anything of the application is imported."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

HEAD = 65_536
"""The metadata come first."""
_ELSEWHERE = frozenset({"node_modules", "site-packages", "venv", "build", "dist", "__pycache__"})


def environment(root: Path, names: Collection[str]) -> dict[str, str]:
    """The placeholders of these variables, as the project's cassettes have them; of several, the first by path."""
    found: dict[str, str] = {}
    for path in _cassettes(root):
        for name, value in _of(path).items():
            if name in names:
                found.setdefault(name, value)
        if len(found) == len(names):
            break
    return found


def _cassettes(root: Path) -> Iterator[Path]:
    for folder, inner, files in os.walk(root):
        inner[:] = sorted(name for name in inner if name not in _ELSEWHERE and not name.startswith("."))
        if "cassettes" in Path(folder).relative_to(root).parts:
            yield from (Path(folder) / name for name in sorted(files) if name.endswith((".yaml", ".yml")))


def _of(path: Path) -> dict[str, str]:
    """Of one; what cannot be read is said when it is played."""
    import yaml

    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(HEAD).partition("\ninteractions:")[0]
        data = yaml.safe_load(head) if "prodparity:" in head else {}
        held = data["metadata"]["prodparity"].get("environment") or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return {}
    return {str(name): str(value) for name, value in held.items()}
