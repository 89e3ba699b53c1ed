"""All, or nothing, and no more: what a run under a fault came to, held against the clean one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_prodparity.core.delta import Change, Delta
from pytest_prodparity.core.findings import Source
from pytest_prodparity.faults.gates import Asked, Opener
from pytest_prodparity.faults.identity import Identity, Namer
from pytest_prodparity.faults.kinds.reset_peer import ResetPeer
from pytest_prodparity.faults.oracle import Clean, Faulted, Oracle, Raised, Verdict
from pytest_prodparity.faults.scenario import Scenario

PAY, SHIP, CHECK = ("test_a.py:3",), ("test_a.py:4",), ("test_a.py:5",)
DRIVER = Raised(name="psycopg.OperationalError", line=3)
ASSERTED = Raised(name="AssertionError", asserted=True, line=5)


def row(number: int, table: str = "payment", **more: object) -> Change:
    return Change(table=table, kind="insert", key={"id": number}, after={"id": number, **more})


def moved(balance: int) -> Change:
    return Change(
        table="account", kind="update", key={"id": 1}, before={"id": 1, "b": 100}, after={"id": 1, "b": balance}
    )


def delta(*changes: Change) -> Delta:
    return Delta(changes=changes)


IDENTITY = Identity(where="a.py pay", what="commit", nth=1)
ASKED = Asked(
    identity=IDENTITY,
    statements=("COMMIT",),
    state="T",
    source=Source(path="a.py", line=7, function="pay"),
    stack=("a.py:7 pay", "test_a.py:3 test"),
    at=0.0,
    connection=1,
    opener=Opener(),
)
RUN = Faulted(
    scenario=Scenario(identity=IDENTITY, kind=ResetPeer()),
    raised=None,
    delta=delta(),
    struck=(ASKED,),
    calls=(PAY,),
    call=PAY,
)
PAID, MARKED, SENT = row(1), row(1, "ledger"), row(1, "parcel")
CLEAN = Clean(
    calls=(PAY, SHIP, CHECK),
    before=(delta(), delta(PAID, MARKED), delta(PAID, MARKED, SENT)),
    states=(delta(), delta(PAID), delta(PAID, MARKED), delta(PAID, MARKED, SENT)),
    final=delta(PAID, MARKED, SENT),
)


def said(run: Faulted, *, clean: Clean = CLEAN, tolerate: bool = False) -> str | None:
    """The rule, or what cannot be told after a `?`."""
    judged = Oracle(clean=clean, masked=frozenset(), tolerate=tolerate).judge(run)
    return judged.rule if isinstance(judged, Verdict) else None if judged is None else f"? {judged}"


@pytest.mark.parametrize("left", [(), (PAID, MARKED)])
def test_a_call_that_fails_leaves_all_or_nothing(left: tuple[Change, ...]) -> None:
    assert said(replace(RUN, raised=DRIVER, delta=delta(*left))) is None
    assert said(replace(RUN, raised=DRIVER, delta=delta(*left)), tolerate=True) == "not-tolerated"


def test_a_call_that_fails_and_leaves_a_part_is_torn() -> None:
    assert said(replace(RUN, raised=DRIVER, delta=delta(PAID))) == "torn-write"


def test_the_calls_before_the_one_that_failed_count_as_done() -> None:
    run = replace(RUN, raised=DRIVER, calls=(PAY, SHIP), call=SHIP)
    assert said(replace(run, delta=delta(PAID, MARKED))) is None
    assert said(replace(run, delta=delta(MARKED, SENT))) == "torn-write"


def test_a_good_end_without_the_effect_is_a_loss_and_with_more_of_it_a_double() -> None:
    run = replace(RUN, calls=CLEAN.calls)
    assert said(replace(run, delta=CLEAN.final)) is None
    assert said(replace(run, delta=delta(SENT))) == "silent-loss"
    assert said(replace(run, delta=delta(*CLEAN.final, row(2)))) == "double-apply"


def test_a_number_that_moved_twice_as_far_is_a_double() -> None:
    clean = Clean(calls=(PAY,), before=(delta(),), states=(delta(),), final=delta(moved(80)))
    assert said(replace(RUN, delta=delta(moved(60))), clean=clean) == "double-apply"
    assert said(replace(RUN, delta=delta(moved(99))), clean=clean) == "silent-loss"


def test_a_call_that_swallowed_its_failure_is_found_by_the_tests_own_assertion() -> None:
    run = replace(RUN, raised=ASSERTED, delta=delta(SENT), calls=CLEAN.calls)
    assert said(replace(run, reported=False)) == "silent-loss"
    assert said(replace(run, reported=True)) is None
    assert said(run) == "? whether the call told of its failure cannot be seen"
    assert said(replace(run, reported=True, delta=delta(PAID, SENT))) == "torn-write"


def test_calls_from_a_loop_are_judged_by_every_state_that_there_was() -> None:
    run = replace(RUN, raised=DRIVER, repeated=True)
    assert said(replace(run, delta=delta(PAID))) is None
    assert said(replace(run, delta=delta(MARKED))) == "? the same line calls several times"


def test_who_waits_for_an_answer_for_ever_hangs_and_who_tries_on_is_not_judged() -> None:
    assert said(replace(RUN, expired=True, waited=True)) == "hang"
    assert said(replace(RUN, expired=True, seconds=10.0)) == "? still at it after 10 s"


def test_many_attempts_without_a_pause_are_a_storm() -> None:
    def tried(times: int, spacing: float) -> Faulted:
        struck = tuple(replace(ASKED, at=spacing * at) for at in range(times))
        return replace(RUN, raised=DRIVER, struck=struck)

    assert said(tried(30, 0.001)) == "retry-storm"
    assert said(tried(4, 0.001)) is None
    assert said(tried(30, 0.5)) is None
    assert said(replace(tried(30, 0.5), endless=True)) == "retry-storm"


def test_who_never_works_again_has_not_recovered() -> None:
    assert said(replace(RUN, raised=DRIVER, unrecovered="psycopg.errors.ReadOnlySqlTransaction")) == "no-recovery"


def test_what_did_not_happen_is_not_judged() -> None:
    assert said(replace(RUN, struck=())) == "? the trip did not come again"
    assert said(replace(RUN, misfit="a COPY is under way")) == "? a COPY is under way"
    assert said(replace(RUN, delta=None)) == "? what it changed cannot be told"
    assert said(replace(RUN, raised=DRIVER, delta=delta(PAID), call=("test_a.py:99",))) == "? it took another way"


def test_a_trip_is_named_by_what_it_is_and_keeps_its_name_when_lines_move() -> None:
    first, second = Namer(), Namer()
    one = first.name(Source(path="a.py", line=3, function="f"), ["SELECT 1"])
    assert one == second.name(Source(path="a.py", line=90, function="f"), ["select  2"])
    assert first.name(Source(path="a.py", line=4, function="f"), ["SELECT 1"]).nth == 2
    assert one.token != first.name(Source(path="a.py", line=3, function="g"), ["SELECT 1"]).token
