"""Which report files a command is about, and what the settings say of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from ..core.errors import ProdparityError, UsageError
from ..core.settings import Settings, read_table, resolve
from ..gate import baseline as baselines
from ..gate.baseline import Known
from ..gate.change import Change, changed
from ..gate.gathered import Gathered, gather
from ..gate.policy import Policy
from ..gate.verdict import Verdict, decide


def settings() -> Settings:
    """Of the current directory."""
    here = Path.cwd()
    return resolve(here, {}, os.environ, read_table(here))


def gathered(said: Sequence[str], of: Settings, *, keep: bool = False) -> Gathered:
    """The files that were named, by path or pattern, or the settings' one; raises ProdparityError where one is none."""
    return gather(_files(said) if said else [of.root / of.report], keep=keep)


def since(revision: str, of: Settings, found: Gathered, before: Sequence[str]) -> Change:
    """The change since a revision; `before`: report files of it. Raises UsageError and ProdparityError."""
    return changed(of.root, revision, found, gather(_files(before)) if before else None)


def _files(said: Sequence[str]) -> list[Path]:
    paths: list[Path] = []
    for name in said:
        met = [name] if Path(name).exists() or not glob.has_magic(name) else sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # ** and absolute patterns
        if not met:
            raise ProdparityError(f"No report matches {name!r}.", fix="give the files that --parity-report named")
        paths += [Path(each) for each in met if not Path(each).is_dir()] or _folder(name)
    return paths


def _folder(name: str) -> list[Path]:
    raise UsageError(f"{name!r} is a folder, not a report.", fix=f"give its files: '{name.rstrip('/')}/**/*.json'")


def judged(
    found: Gathered,
    of: Settings,
    *,
    baseline: Path | None,
    today: date | None = None,
    known: Sequence[Known] | None = None,
    change: Change | None = None,
) -> Verdict:
    """By the policy of the settings, with the baseline that was named or the policy's."""
    policy = Policy.parse(of.gate)
    path = baseline or (of.root / policy.baseline if policy.baseline else None)
    entries = known if known is not None else baselines.load(path) if path else ()
    return decide(found, policy, today=today or datetime.now(UTC).date(), baseline=entries, change=change)
