"""The manifest against a live environment: what is new, gone or another."""

from __future__ import annotations

from collections.abc import Iterator

from ..profile.drift import Change
from .manifest import Manifest
from .names import MACHINE, NEEDED, among


def compare(known: Manifest, live: Manifest) -> list[Change]:
    """Names, versions and facts; what a login brings with it counts only where the manifest came from a process too."""
    return [*_variables(known, live), *_facts(known, live), *_packages(known, live)]


def _variables(known: Manifest, live: Manifest) -> Iterator[Change]:
    for name in sorted(known.variables.keys() | live.variables.keys()):
        if name not in live.variables:
            if known.variables[name].required:
                yield Change(kind="gone", what="variable", name=name)
        elif name not in known.variables and (known.complete or not among(name, (*MACHINE, *NEEDED))):
            yield Change(kind="new", what="variable", name=name, text=live.variables[name].kind)


def _facts(known: Manifest, live: Manifest) -> Iterator[Change]:
    for name in ("python", "timezone", "locale", "umask", "uid", "gid"):
        before, after = getattr(known, name), getattr(live, name)
        if before is None or after is None or before == after:
            continue
        if name == "python" and after.startswith(f"{before}."):
            continue  # a Dockerfile says 3.12, the process 3.12.4
        shown = (f"{before:04o}", f"{after:04o}") if name == "umask" else (before, after)
        yield Change(kind="changed", what="environment", name=name, text=f"{shown[0]} -> {shown[1]}")
    for name in ("open_files", "memory"):
        limits = getattr(known.limits, name), getattr(live.limits, name)
        if limits[0] is not None and limits[0] != limits[1]:
            after = "no limit" if limits[1] is None else f"{limits[1]:,}"
            yield Change(kind="changed", what="limit", name=name, text=f"{limits[0]:,} -> {after}")


def _packages(known: Manifest, live: Manifest) -> Iterator[Change]:
    if not known.packages or not live.packages:
        return
    for name in sorted(known.packages.keys() | live.packages.keys()):
        before, after = known.packages.get(name), live.packages.get(name)
        if before is None:
            yield Change(kind="new", what="package", name=name, text=str(after))
        elif after is None:
            yield Change(kind="gone", what="package", name=name)
        elif before != after:
            yield Change(kind="changed", what="package", name=name, text=f"{before} -> {after}")
