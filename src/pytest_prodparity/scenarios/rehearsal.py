"""A test's first run, on a part of its rows."""

from __future__ import annotations

import pytest

from ..fixtures import EXPECTATION, REHEARSAL, session_of
from ..session import Rehearsal
from .again import again, why_not


def rehearse(item: pytest.Item) -> None:
    """Run a marked test on a part of its rows, and keep what it sent in its stash.

    Not rehearsed: a test whose wider fixtures wrote to the database, since their rows are not in that volume, or hold a
    transaction open, which another volume would end; and what cannot be run again.
    """
    session = session_of(item.config)
    expectation = item.stash[EXPECTATION]
    if expectation.level is not None and expectation.level > session.settings.level:
        return
    if why_not(item) is not None:
        return
    rows = session.fewer(expectation)
    if rows is None or session.tied:
        return
    rehearsal = item.stash[REHEARSAL] = Rehearsal(rows=rows)
    reports: list[pytest.TestReport] = []
    try:
        reports = again(item)
    finally:
        rehearsal.under_way = False
    if rehearsal.void or not all(report.passed for report in reports):
        rehearsal.trips = ()
