"""YAML documents, with a complaint that names the file and the line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import UsageError
from ...core.extras import extra
from .found import text_of


def documents(path: Path) -> list[Mapping[str, Any]]:
    """Those that are mappings; raises UsageError where the file is no YAML, such as a template of Helm."""
    text = text_of(path)
    with extra("pyyaml", needed_for=f"reading {path.name}"):
        import yaml
    try:
        return [one for one in yaml.safe_load_all(text) if isinstance(one, Mapping)]
    except yaml.YAMLError as cause:
        mark = getattr(cause, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        templated = "{{" in text
        raise UsageError(
            f"{path} is not YAML{line}{': it is a template' if templated else ''}.",
            fix="helm template . > manifests.yaml, and name that file"
            if templated
            else "mend it, or name another file",
        ) from None


def amount(said: object) -> int | None:
    """Bytes of `512Mi`, `1G`, `512m` (Compose), `"1.5gb"`; None for anything else."""
    if isinstance(said, int) and not isinstance(said, bool):
        return said
    if not isinstance(said, str):
        return None
    text = said.strip()
    number = text.rstrip("BbKkMmGgTtIi")
    unit = text[len(number) :]
    powers = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
    decimal = {"K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4, "k": 1000}
    try:
        if len(unit) == 1 and unit in "KMGT":  # Kubernetes: without an `i` it is a power of ten
            return int(float(number) * decimal[unit])
        return int(float(number) * powers[unit[:1].lower()])
    except (ValueError, KeyError):
        return None
