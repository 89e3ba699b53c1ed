"""Hypothesis strategies for rows of production's tables: as production has them, and as its schema allows them.

```python
from hypothesis import given
from pytest_prodparity.strategies import rows

@given(rows("orders"))
def test_every_order_has_a_label(order):
    assert label(order)
```
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, overload

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ..core.errors import UsageError
from ..profile.model import Profile
from ..profile.store import PROFILE, Stored, load
from .drawing import Draw, Family, Row, Subject, reach

__all__ = ["rows"]

Known = Profile | Stored | Path | str | None


@overload
def rows(table: str, *, profile: Known = None) -> SearchStrategy[Row]: ...
@overload
def rows(
    table: str, *, min_size: int, max_size: int | None = None, profile: Known = None
) -> SearchStrategy[list[Row]]: ...
@overload
def rows(
    table: str, *, min_size: int | None = None, max_size: int, profile: Known = None
) -> SearchStrategy[list[Row]]: ...
@overload
def rows(
    table: str,
    *,
    linked: Literal[True],
    min_size: int | None = None,
    max_size: int | None = None,
    profile: Known = None,
) -> SearchStrategy[list[tuple[str, Row]]]: ...
def rows(
    table: str,
    *,
    min_size: int | None = None,
    max_size: int | None = None,
    linked: bool = False,
    profile: Known = None,
) -> SearchStrategy[Any]:
    """Rows of `table` (`schema.table`, or a bare name that is unambiguous), each a dict by column.

    One row; with `min_size` or `max_size` a list of them, no two of which break a unique key; with `linked` a list of
    (table's full name, row) in which every row comes after the parents that its foreign keys need. What the database
    makes itself is left out: generated and identity columns, and serial ones; with `linked` those that a child refers
    to are there (`INSERT … OVERRIDING SYSTEM VALUE`). Without `linked`, foreign keys have values of
    production's, which need not be there in a test's database.

    `profile`: a Profile, or a folder; by default the one of the settings of the current directory. Raises UsageError
    for a table that it does not have.
    """
    from ..profile.scale import find

    known = _profile(profile)
    found = find(known, table)
    if found.kind not in ("table", "partitioned", "partition"):
        raise UsageError(f"rows: {found.full_name} is a {found.kind}: no rows can be inserted into it.")
    several = min_size is not None or max_size is not None
    low = min_size or 0
    high = max_size if max_size is not None else low + 5
    if not 0 <= low <= high:
        raise UsageError(
            f"rows: min_size={min_size} and max_size={max_size} leave no number of rows.", fix="min_size=0, max_size=5"
        )
    names = reach(known, found) if linked else {found.full_name: frozenset[str]()}
    subjects = {
        one.full_name: Subject.of(known, one, names[one.full_name]) for one in known.tables if one.full_name in names
    }

    @st.composite
    def drawn(draw: Draw) -> Any:
        family = Family(profile=known, draw=draw, subjects=subjects)
        count = draw(st.integers(low, high)) if several else 1
        if linked:
            for _ in range(count):
                family.row(found, {})
            return family.made
        subject = subjects[found.full_name]
        made = [subject.draw(draw, {})] if not several else _distinct(subject, draw, count, low)
        return made if several else made[0]

    strategy: SearchStrategy[Any] = drawn()
    return strategy


def _distinct(subject: Subject, draw: Draw, count: int, low: int) -> list[Row]:
    from hypothesis import assume

    made: list[Row] = []
    seen: set[tuple[Any, ...]] = set()
    for _ in range(count * 3):
        if len(made) == count:
            break
        row = subject.draw(draw, {})
        marks = subject.marks(row)
        if not seen.intersection(marks):
            made.append(row)
            seen.update(marks)
    assume(len(made) >= low)
    return made


def _profile(known: Known) -> Profile:
    if isinstance(known, Profile):
        return known
    if isinstance(known, Stored):
        return known.profile
    if known is None:
        from ..core.settings import read_table, resolve

        here = Path.cwd()
        settings = resolve(here, {}, os.environ, read_table(here))
        folder = settings.root / settings.profile
    else:
        folder = Path(known)
    file = folder / PROFILE
    changed = file.stat().st_mtime_ns if file.is_file() else 0
    return _loaded(folder.absolute(), changed)


@lru_cache(maxsize=8)
def _loaded(folder: Path, _changed: int) -> Profile:
    """Read once: every test module asks for it."""
    return load(folder).profile
