"""Run by frontrun's own interpreter: `_frontrun.py URL PROGRAM faulty|corrected SECONDS [OPTION=NUMBER …]`; JSON on the last line.

The same callables, connections kept. What we find by ourselves frontrun is told: how to get back (`reset`) and what
must hold (`holds`).
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from contextlib import closing
from functools import partial

import frontrun
import psycopg
from _race_programs import PROGRAMS, Connection, connect


def main(url: str, name: str, variant: str, seconds: str, *options: str) -> None:
    """One program."""
    program = next(one for one in PROGRAMS if one.name == name)
    corrected = variant == "corrected"
    actors = program.corrected if corrected else program.faulty
    beside = psycopg.connect(url, autocommit=True)
    kept: list[Connection | None] = [None] * len(actors)
    runs = 0

    def setup() -> list[Connection]:
        nonlocal runs
        runs += 1
        for at, known in enumerate(kept):
            if known is not None and known.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
                continue
            if known is not None:
                known.close()
            kept[at] = connect(program, url, corrected=corrected)  # here, since frontrun watches those made under it
        for statement in program.reset:
            beside.execute(statement)
        return [one for one in kept if one is not None]

    def work(at: int, state: list[Connection]) -> None:
        actors[at](state[at])

    more = {
        key: float(value) if "." in value else int(value) for key, _, value in (one.partition("=") for one in options)
    }
    told: dict[str, object] = {}
    began = time.monotonic()
    try:
        result = frontrun.explore(
            setup=setup, workers=[partial(work, at) for at in range(len(actors))],
            invariant=lambda _: program.holds(beside), total_timeout=float(seconds), **more,
        )  # fmt: skip
        told = {
            "holds": result.property_holds, "explored": result.num_explored, "tried": result.reproduction_attempts,
            "came_back": result.reproduction_successes, "why": result.inconclusive_reason,
            "said": (result.explanation or "")[:600],
        }  # fmt: skip
    except BaseException as error:  # told, whatever it is
        told = {"error": f"{type(error).__name__}: {error}"[:600], "where": traceback.format_exc()[-600:]}
    told |= {"seconds": time.monotonic() - began, "runs": runs}
    print(json.dumps(told), flush=True)
    with closing(beside):
        for connection in kept:
            if connection is not None:
                connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
