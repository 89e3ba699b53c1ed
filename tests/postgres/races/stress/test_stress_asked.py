"""parity_stress: what it can be asked, and how it is stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.core.errors import UsageError
from tests.postgres.races.stress.loading import DATABASE, Loading
from tests.postgres.wire.watching import until


@pytest.mark.parametrize(
    ("call", "options", "said"),
    [
        ("buy", {}, "call='buy' cannot be called"),
        (lambda a, b: None, {}, "call needs 2 arguments (a, b), and gets the actor's number at most"),
        (print, {"actors": 0}, "actors=0 is not a number from 1 to 500"),
        (print, {"actors": 2.5}, "actors=2.5 is not a number from 1 to 500"),
        (print, {"actors": 10_000}, "prodparity export locust PATH::TEST"),
        (print, {"seconds": 0}, "seconds=0 is not a number above zero"),
        (print, {"seconds": "5"}, "seconds='5' is not a number above zero"),
        (print, {"seconds": float("inf")}, "seconds=inf is not a number above zero"),
        (print, {"rate": -1}, "rate=-1 is not a number above zero"),
        (print, {"warmup": -0.5}, "warmup=-0.5 is not zero, nor a number above it"),
        (print, {"patience": 0}, "patience=0 is not a number above zero"),
        (print, {"invariant": True}, "invariant=True cannot be called"),
        (print, {"invariant": lambda a, b: True}, "invariant needs 2 arguments (a, b), and gets what the load came to"),
        (print, {"allow": "ValueError"}, "allow='ValueError' is not a type of exception, nor a tuple of them"),
        (print, {"allow": (ValueError, "x")}, "is not a type of exception, nor a tuple of them"),
    ],
)
def test_what_cannot_be_asked_is_refused(load: Loading, call: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(call, **options)
    assert said in str(refused.value)
    assert "\nTo fix: " in str(refused.value)
    assert str(refused.value).startswith("parity_stress: ")


def test_a_coroutine_that_is_made_already_is_refused(load: Loading) -> None:
    async def buy() -> None:
        pass

    with pytest.raises(UsageError, match="the call is a coroutine: it was made already\\.\nTo fix: pass"):
        load(buy())  # type: ignore[arg-type]


def test_ctrl_c_ends_it(load: Loading, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, program, load.server.host, str(load.server.port), load.server.password],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "it sleeps\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode != 0
    assert told.rstrip().endswith("KeyboardInterrupt")
    with load.owner() as owner:
        running = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND query LIKE '%%pg_sleep(600)%%' AND pid <> pg_backend_pid()"
        until(lambda: owner.execute(running, (DATABASE,)).fetchone() == (0,))


PROGRAM = """\
import sys
from pathlib import Path

import psycopg

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races.stress import stress
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

host, port, password = sys.argv[1:]
server = Server(host=host, port=int(port), user="postgres", password=password, version=180000, kind="embedded")
upstream = Upstream(host=host, port=int(port), user="postgres", password=password, database="stress")
begun = []

def call():
    with psycopg.connect(f"postgresql://postgres:{password}@127.0.0.1:{wire.port}/stress") as connection:
        connection.execute("SELECT 1")
        if begun:
            print("it sleeps", flush=True)
            connection.execute("SELECT pg_sleep(600)")
        begun.append(1)

with Wire(lambda: upstream, root=Path(__file__).parent) as wire:
    stress(call, 1, 600, wire=wire, server=server, database="stress", root=Path(__file__).parent)
"""
