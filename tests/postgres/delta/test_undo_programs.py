"""Whatever a program does to rows and sequences, the undo leads back to the start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings

from pytest_prodparity.databases.checksum import Checksum, checksum
from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.provider import Server
from tests.postgres.delta import programs
from tests.postgres.delta.programs import Step


@dataclass
class World:
    tracker: Tracker
    actors: list[psycopg.Connection]
    look: psycopg.Connection
    start: Checksum


@pytest.fixture(scope="module")
def world(either: Server) -> Iterator[World]:
    programs.make(either, "programs")
    with (
        Tracker.open(either, "programs") as tracker,
        closing(psycopg.connect(either.dsn("programs"), autocommit=True)) as look,
    ):
        actors = programs.actors(either, "programs")
        yield World(tracker, actors, look, checksum(look))
        for actor in actors:
            actor.close()


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(program=programs.programs)
def test_the_state_after_the_undo_is_the_one_before(world: World, program: list[Step]) -> None:
    programs.run(world.actors, program)
    undone = world.tracker.undo(prove=True)
    assert undone.done, undone
    assert world.start.differences(checksum(world.look)) == []


@pytest.mark.parametrize("text", programs.STATEMENTS)
def test_every_statement_of_the_programs_does_something_that_is_undone(world: World, text: str) -> None:
    for a, b in ((3, 2), (8, 9), (0, 5), (1, 8)):
        with suppress(psycopg.Error):
            programs._step(world.actors[0], Step(0, text, a, b), 0)
            break
    else:
        pytest.fail("it never works")
    undone = world.tracker.undo(prove=True)
    assert undone.done, undone
    assert world.start.differences(checksum(world.look)) == []
