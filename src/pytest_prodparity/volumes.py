"""What the databases of one run begin with: what the level and the markers want, and the templates of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .core.errors import ProdparityError
from .core.settings import Settings
from .databases.schema import GENERATION, load_schema
from .databases.template import Templates
from .profile.store import Stored

if TYPE_CHECKING:
    from .synthesis.volume import Opened, Volume


PART = "a part of all"
"""As a table's name in `rows`: there is one row for so many that the level has."""
LEAST_GROWN = 2_000
"""Rows below which a volume is no other volume with a part of them."""


class Volumes:
    """One run's. The generator, and numpy with it, is imported when rows are wanted. `stored` is asked when it is needed; `say` gets progress, `note` what the report should tell.

    An xdist worker that only waits is quiet.
    """

    def __init__(
        self, settings: Settings, stored: Callable[[], Stored | None], *, say: Callable[[str], None],
        note: Callable[[str], None], worker: bool,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._stored = stored
        self._say = say
        self._note = note
        self._worker = worker
        self._planned: dict[tuple[tuple[str, int], ...], Volume] = {}
        self._opened: list[Opened] = []
        self._made: dict[tuple[tuple[str, int], ...], str | ProdparityError] = {}
        """Templates by the marker's `rows`, or why there is none."""

    @property
    def wanted(self) -> bool:
        """Do this run's databases begin with rows?"""
        return bool(self._settings.dials.rows) and self._stored() is not None

    def check(self, rows: Mapping[str, int]) -> None:
        """Before anything starts; raises UsageError for a volume that is too large."""
        if self.wanted:
            from .synthesis.volume import check_size

            check_size(self._plan(rows), self._settings.dials.max_bytes)

    def fewer(self, rows: Mapping[str, int], part: int) -> Mapping[str, int] | None:
        """What to ask for instead of the marker's `rows` to have one row for `part`; None where that changes little."""
        if not self.wanted:
            return None
        less = {**rows, PART: part}
        here = self._plan(rows).total
        return less if here >= LEAST_GROWN and self._plan(less).total * 2 <= here else None

    def counts(self, rows: Mapping[str, int]) -> Mapping[str, int]:
        """Rows of each table by full name, of a partitioned one those of its partitions; empty without a volume."""
        if not self.wanted:
            return {}
        from .synthesis.plan import whole

        return whole(self._plan(rows).stored.profile, self._plan(rows).counts)

    def template(self, templates: Templates, rows: Mapping[str, int]) -> str:
        """The database that a test with the marker's `rows` begins as a copy of; without rows production's schema.

        Raises ProdparityError where it cannot be built; it is not tried again.
        """
        key = tuple(sorted(rows.items()))
        if key not in self._made:
            try:
                self._made[key] = self._ensured(templates, rows)
            except ProdparityError as error:
                self._made[key] = error
        made = self._made[key]
        if isinstance(made, ProdparityError):
            raise made
        return made

    def forget(self) -> None:
        """The server is another one, or somebody removed what was kept."""
        self._made.clear()

    def _ensured(self, templates: Templates, rows: Mapping[str, int]) -> str:
        stored = self._stored()
        if stored is None:
            return templates.ensure("empty", lambda _dsn: None)
        if not self.wanted:
            server = templates.server
            return templates.ensure(f"{GENERATION} {stored.key}", lambda dsn: load_schema(server, dsn, stored))
        opened = self._opened_volume(templates, self._plan(rows))
        if opened.notes:
            more = f" and {len(opened.notes) - 1} more" if len(opened.notes) > 1 else ""
            self._note(f"the volume is approximate: {opened.notes[0]}{more} (prodparity cache -v)")
        return opened.template

    def _opened_volume(self, templates: Templates, volume: Volume) -> Opened:
        from .synthesis.progress import Lines
        from .synthesis.volume import amount, check_size, ensure

        check_size(volume, self._settings.dials.max_bytes)
        lines = Lines(self._say)
        opened = ensure(templates, volume, progress=lines, waiting=None if self._worker else lines.waiting)
        if opened.built and lines.said:
            self._say(f"the volume is built: {opened.total:,} rows, {amount(opened.size)}, in {opened.seconds:.0f} s\n")
        self._opened.append(opened)
        return opened

    def header(self) -> str:
        """`120,000 rows (1 %, at most 10,000 a table), about 31 MB`; empty where none are wanted."""
        if not self.wanted:
            return ""
        from .synthesis.volume import amount

        volume = self._plan({})
        return f"{volume.total:,} rows ({volume.rows}), about {amount(volume.estimate)}"

    def shown(self) -> str:
        """`131 MB of rows`, of the largest that was opened; empty where none was."""
        if not self._opened:
            return ""
        from .synthesis.volume import amount

        return f"{amount(max(one.content for one in self._opened))} of rows"

    def _plan(self, rows: Mapping[str, int]) -> Volume:
        key = tuple(sorted(rows.items()))
        if key not in self._planned:
            from .synthesis.volume import planned

            stored = self._stored()
            assert stored is not None
            part = rows.get(PART, 1)
            self._planned[key] = planned(
                stored, level=self._settings.level, rows=self._settings.dials.rows.part(part), seed=self._settings.seed,
                overrides={name: count // part for name, count in rows.items() if name != PART},
            )  # fmt: skip
        return self._planned[key]
