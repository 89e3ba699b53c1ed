"""Races: schedules a second at 1 GB, replay of failing ones, and frontrun 0.7.0 on the same programs.

(a) A lost update with two actors, psycopg 3, each actor's connection kept, in a database of `PRODPARITY_RACES_MB` (1000): each schedule
is run, its delta read, what it wrote taken back, as `parity_race` does it. Ms of each part are medians of a schedule.
(b) Each program is searched once; the order that was found is then replayed ten times, each with one try.
(c) frontrun, from PyPI, in an environment of its own and in processes of its own, for a minute each; of several ways to use
it the one is shown that finds most. It needs a way back and an invariant, which it is given.
`PRODPARITY_RACES_PARTS` (abc) names the parts; `a` alone builds the large database.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from benchmarks import _race_programs as programs
from benchmarks._race_programs import Program
from pytest_prodparity.core.delta import Delta
from pytest_prodparity.databases.delta.sequences import shift
from pytest_prodparity.databases.delta.tracker import Tracker
from pytest_prodparity.databases.embedded import Embedded
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.races import race as contests
from pytest_prodparity.races.conductor import Crew
from pytest_prodparity.races.execution import Bound, Director, Execution
from pytest_prodparity.races.race import Contest, Race
from pytest_prodparity.races.relations import QUERY, relations
from pytest_prodparity.races.shrink import Wish
from pytest_prodparity.races.turnstile import Strikes
from pytest_prodparity.wire.proxy import Wire
from pytest_prodparity.wire.upstream import Upstream

SIZE_MB = int(os.environ.get("PRODPARITY_RACES_MB", "1000"))
PARTS = os.environ.get("PRODPARITY_RACES_PARTS", "abc")
PER_MB = 1450
"""Rows of about 720 bytes, their index included."""
SCHEDULES = 200
"""In one measurement, of which there are `ROUNDS`."""
ROUNDS = 5
REPLAYS = 10
SECONDS = 60
EACH = tuple(itertools.product(programs.PROGRAMS, (False, True)))
"""Faulty, corrected."""
FRONTRUN = "frontrun==0.7.0"
VERDICTS = {True: "holds", False: "found", None: "cannot tell"}
WAYS: dict[str, tuple[str, ...]] = {
    "": (),
    "warn_nondeterministic_sql=False": ("warn_nondeterministic_sql=0",),
}
"""Of calling frontrun.explore."""


Faults = Mapping[tuple[int, int], Strikes]


@dataclass
class Stage:
    """A database that is followed, the wire before it, and how long its methods took."""

    wire: Wire
    server: Server
    name: str
    tracker: Tracker
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"run": [], "delta": [], "undo": []})

    @property
    def url(self) -> str:
        """Through the wire."""
        return self.server.dsn(self.name).replace(f":{self.server.port}/", f":{self.wire.port}/")

    def delta(self) -> Delta:
        """As `races.race.Stage` has it; and so the others."""
        with self._timed("delta"):
            return self.tracker.delta()

    def requests(self) -> tuple[str, ...]:
        return ()

    def shift(self) -> None:
        with psycopg.connect(self.server.dsn(self.name), autocommit=True) as connection:
            shift(connection, 1000)

    def back(self) -> None:
        with self._timed("undo"):
            undone = self.tracker.undo(older=[one.backend for one in self.wire.connections])
        assert undone, undone.reasons

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[what].append(time.perf_counter() - began)


@dataclass
class Timed:
    """A crew whose schedules are timed."""

    crew: Crew
    seconds: list[float]

    def run(
        self, director: Director | None = None, *, serially: Sequence[int] | None = None, faults: Faults | None = None
    ) -> Execution:
        """As `races.race.Runs` has it."""
        began = time.perf_counter()
        try:
            return self.crew.run(director, serially=serially, faults=faults)
        finally:
            self.seconds.append(time.perf_counter() - began)


@contextmanager
def staged(server: Server, name: str, program: Program, size: int = 0) -> Iterator[Stage]:
    """Makes the database, with `size` MB beside the program's tables, and drops it."""
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        with closing(psycopg.connect(server.dsn(name), autocommit=True)) as inside:
            inside.execute(program.schema)
            if size:
                _fill(inside, size)
        upstream = Upstream(
            host=server.host, port=server.port, user=server.user, password=server.password, database=name,
            version=server.version,
        )  # fmt: skip
        with Wire(lambda: upstream, root=Path(__file__).parent) as wire, Tracker.open(server, name) as tracker:
            yield Stage(wire, server, name, tracker)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _fill(inside: psycopg.Connection, size: int) -> None:
    inside.execute("CREATE TABLE history (id bigint, customer int, status text, filler text)")
    inside.execute(
        "INSERT INTO history SELECT n, n %% 1000, 'open', repeat(md5(n::text), 18) FROM generate_series(1, %s) n",
        [size * PER_MB],
    )
    inside.execute("ALTER TABLE history ADD PRIMARY KEY (id)")
    inside.execute("VACUUM ANALYZE")
    inside.execute("CHECKPOINT")


@contextmanager
def contest(stage: Stage, program: Program, *, corrected: bool = False) -> Iterator[Contest]:
    """A race of the program's actors, each with a connection that it keeps."""
    actors = program.corrected if corrected else program.faulty
    kept = [programs.connect(program, stage.url, corrected=corrected) for _ in actors]

    def called(at: int) -> Callable[[], object]:
        return partial(actors[at], kept[at])

    calls = [called(at) for at in range(len(actors))]
    with psycopg.connect(stage.server.dsn(stage.name), autocommit=True) as inside:
        known = relations(inside.execute(QUERY).fetchall())
    try:
        with Crew(stage.wire, stage.server, lambda: stage.name, calls) as crew:
            found = Contest(Timed(crew, stage.seconds["run"]), stage, len(calls), relations=known)
            found.rehearse()
            yield found
    finally:
        for connection in kept:
            connection.close()


def run() -> tuple[list[list[str]], dict[str, object]]:
    """All parts."""
    provider = Embedded(throw_away=True)
    figures: dict[str, object] = {}
    table = [["program", "ours", "orders", "replayed", "s", "frontrun", "runs", "a second", "reproduced", "s"]]
    try:
        server = provider.start()
        if "a" in PARTS:
            figures |= speed(server)
        if "b" in PARTS or "c" in PARTS:
            table += [_ours(server, program, corrected, figures) for program, corrected in EACH]
        if "c" in PARTS:
            with tempfile.TemporaryDirectory() as folder:
                python = _frontrun(Path(folder))
                rows = iter(table[1:])
                for program, corrected in EACH:
                    next(rows).extend(_theirs(server, python, program, corrected, figures))
    finally:
        provider.stop()
    return [row + [""] * (len(table[0]) - len(row)) for row in table], figures


# --- a


def speed(server: Server) -> dict[str, object]:
    """Schedules a second, and what takes how long."""
    orders = sorted(set(itertools.permutations((0, 0, 0, 1, 1, 1))))
    with staged(server, "speed", programs.LOST_UPDATE, SIZE_MB) as stage, contest(stage, programs.LOST_UPDATE) as race:
        sizes = psycopg.connect(server.dsn("speed")).execute("SELECT pg_database_size('speed')").fetchone()
        rates, parts = [], {}
        for _ in range(ROUNDS + 1):
            for part in stage.seconds.values():
                part.clear()
            began = time.perf_counter()
            for at in range(SCHEDULES):
                ran = race._run(Wish(orders[at % len(orders)]))
                assert ran.status == "done", ran
            rates.append(SCHEDULES / (time.perf_counter() - began))
            parts = {f"{name}_ms": round(statistics.median(part) * 1000, 2) for name, part in stage.seconds.items()}
    assert sizes is not None
    return {
        "database_mb": sizes[0] >> 20,
        "schedules_a_second": round(statistics.median(rates[1:])),
        "rates": [round(rate) for rate in rates[1:]],
        **parts,
        "load": os.getloadavg()[0],
    }


# --- b


def _ours(server: Server, program: Program, corrected: bool, figures: dict[str, object]) -> list[str]:
    with staged(server, "raced", program) as stage:
        with contest(stage, program, corrected=corrected) as race:
            found = race.go(Bound(schedules=None, seconds=SECONDS))
        verdict = found.findings[0].rule if found.findings else found.verdict
        same = ""
        if found.findings and not corrected:
            again = [_again(stage, program, found) for _ in range(REPLAYS)]
            same = f"{sum(rule for rule, _ in again)}/{REPLAYS}"
            figures[f"replayed {program.name}"] = sum(rule for rule, _ in again)
            figures[f"replayed {program.name}, same order"] = sum(order for _, order in again)
    said = verdict + (", all" if found.exhausted else "") + (f" ({found.why})" if found.why else "")
    name = f"{program.name}{', corrected' if corrected else ''}"
    return [name, said, str(found.schedules), same, f"{found.seconds:.1f}"]


def _again(stage: Stage, program: Program, found: Race) -> tuple[bool, bool]:
    """Does the token lead to the same finding at the first try, with new connections; and by the very same steps?"""
    (finding,) = found.findings
    tries, contests.REPLAYS = contests.REPLAYS, 1
    try:
        with contest(stage, program) as race:
            again = race.go(Bound(seconds=SECONDS), replay=str(finding.details["token"]))
    finally:
        contests.REPLAYS = tries
    rules = [one.rule for one in again.findings]
    return rules == [finding.rule], [one.details["token"] for one in again.findings] == [finding.details["token"]]


# --- c


def _frontrun(folder: Path) -> Path:
    """The interpreter of an environment with frontrun."""
    python = folder / "bin" / "python"
    subprocess.run(["uv", "venv", "-q", "--python", sys.executable, folder], check=True)
    subprocess.run(
        ["uv", "pip", "install", "-q", "--python", python, f"{FRONTRUN.replace('==', '[sql]==')}", "psycopg[binary]"],
        check=True,
    )
    return python


def _theirs(server: Server, python: Path, program: Program, corrected: bool, figures: dict[str, object]) -> list[str]:
    best: tuple[list[str], tuple[bool, bool]] | None = None
    for way, options in WAYS.items():
        told = _explored(server, python, program, corrected, options)
        verdict = VERDICTS[told.get("holds")] if "error" not in told else "error"  # type: ignore[index]
        runs, seconds, tried = (float(str(told.get(key) or 0)) for key in ("runs", "seconds", "tried"))
        name = f"frontrun {program.name}{' corrected' if corrected else ''} {way}".strip()
        figures[name] = {key: told[key] for key in ("explored", "came_back", "tried", "seconds") if key in told} | {
            "verdict": verdict,
            "why": str(told.get("error") or told.get("why") or "").partition("\n")[0],
        }
        row = [
            f"{verdict}{f' ({way})' if way else ''}",
            f"{runs:.0f}",
            f"{runs / seconds:.1f}" if seconds else "",
            f"{told['came_back']}/{tried:.0f}" if tried else "",
            f"{seconds:.1f}",
        ]
        score = (verdict == ("holds" if corrected else "found"), verdict != "error")
        if best is None or score > best[1]:
            best = (row, score)
    assert best is not None
    return best[0]


def _explored(
    server: Server, python: Path, program: Program, corrected: bool, options: Sequence[str]
) -> dict[str, object]:
    with closing(psycopg.connect(server.dsn(), autocommit=True)) as admin:
        admin.execute("CREATE DATABASE theirs")
        admin.execute("ALTER DATABASE theirs SET deadlock_timeout = '50ms'")
        try:
            with closing(psycopg.connect(server.dsn("theirs"), autocommit=True)) as inside:
                inside.execute(program.schema)
            script = Path(__file__).parent / "_frontrun.py"
            arguments = [
                server.dsn("theirs"),
                program.name,
                "corrected" if corrected else "faulty",
                str(SECONDS),
                *options,
            ]
            done = subprocess.run(
                [python.parent / "frontrun", python, script, *arguments],
                capture_output=True,
                text=True,
                timeout=3 * SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": f"not over after {3 * SECONDS} s", "seconds": 3 * SECONDS}
        finally:
            admin.execute("DROP DATABASE theirs WITH (FORCE)")
    try:
        told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": done.stderr[-600:], "seconds": 0}
    return told
