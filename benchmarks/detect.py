"""Faulty programs found, corrected and innocent ones accused: the catalogue, run by the plugin as a user has it.

Programs under faults, and those that race, run once for each seed of PRODPARITY_SEEDS (`0,1,2`); PRODPARITY_ROOMS
(`queries,faults,races`) says which rooms. A silent network is noted only: such a program counts as missed. Of programs that
race only the rules of races count.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from pytest_prodparity.databases.embedded import Embedded
from tests.catalogue.harness import Case, Catalogue, batches, cases

ROOMS = tuple(os.environ.get("PRODPARITY_ROOMS", "queries,faults,races").split(","))
SEEDS = tuple(int(seed) for seed in os.environ.get("PRODPARITY_SEEDS", "0,1,2").split(","))
FIGURES = ("faulty", "found", "corrected", "accused")


@dataclass
class Count:
    """One rule's."""

    figures: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run() -> tuple[list[list[str]], dict[str, object]]:
    """The programs of all rooms."""
    provider = Embedded(throw_away=True)
    table = [["room", "rule", "faulty", "found", "right twins", "accused", "missed or accused"]]
    totals: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory(prefix="prodparity-detect-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            catalogue = Catalogue(provider.start(), folder / "catalogue", folder / "cache")
            for room in ROOMS:
                counts: dict[str, Count] = {}
                for case, faulty, right, seed in ROOM[room](catalogue, folder):
                    count = counts.setdefault(case.rule if case.rule != "none" else "(innocent)", Count())
                    count.figures[FIGURES[0 if faulty else 2]] += 1
                    count.figures["found"] += faulty and right
                    count.figures["accused"] += not faulty and not right
                    if not right:
                        count.wrong.append(f"{'missed' if faulty else 'accused'} {case.folder.name} (seed {seed})")
                for rule, count in sorted(counts.items()):
                    table.append(
                        [room, rule, *(str(count.figures[key]) for key in FIGURES), ", ".join(sorted(count.wrong))]
                    )
                    totals.setdefault(room, Counter()).update(count.figures)
        finally:
            provider.stop()
    rooms = {room: {key: figures[key] for key in FIGURES} for room, figures in totals.items()}
    whole = {key: sum(figures[key] for figures in rooms.values()) for key in FIGURES}
    return table, {**whole, "rooms": rooms, "seeds": list(SEEDS)}


Judged = tuple[Case, bool, bool, int]
"""A program, whether it is a faulty one, whether it was judged right, and the seed."""


def _queries(catalogue: Catalogue, folder: Path) -> Iterator[Judged]:
    """Each program in a pytest of its own. Nothing there is drawn by chance."""
    for case in [*cases(innocent=False), *cases(innocent=True)]:
        place = folder / case.name.replace("/", "-")
        if case.rule != "none":
            (place / "faulty").mkdir(parents=True)
            findings = catalogue.run(case, "faulty", place / "faulty").findings
            yield case, True, (case.rule, f"app.py:{case.line}") in findings, 0
        variant = "app" if case.rule == "none" else "corrected"
        (place / variant).mkdir(parents=True)
        yield case, False, not catalogue.run(case, variant, place / variant).findings, 0


def _swept(room: str, rules: frozenset[str] | None, catalogue: Catalogue, folder: Path) -> Iterator[Judged]:
    """Programs that can share a process do. `rules`: those that count; None: all."""
    for seed in SEEDS:
        for variant in ("faulty", "corrected", "app"):
            for number, batch in enumerate(batches(variant, room=room)):
                place = folder / f"{room}-{seed}-{variant}-{number}"
                place.mkdir()
                result, found = catalogue.swept(batch, variant, place, f"--parity-seed={seed}")
                for case in batch:
                    told = [rule for rule in found[case.name] if rules is None or rule in rules]
                    right = case.rule in told if variant == "faulty" else not told
                    if not right and result.report is None:
                        raise AssertionError(result.out)
                    print(seed, variant, case.name, *told, file=sys.stderr, flush=True)
                    yield case, variant == "faulty", right, seed


RACES = frozenset(("not-serializable", "deadlock", "pool-exhausted", "invariant-broken"))
ROOM: dict[str, Callable[[Catalogue, Path], Iterator[Judged]]] = {
    "queries": _queries,
    "faults": partial(_swept, "faults", None),
    "races": partial(_swept, "races", RACES),
}
