"""Runs one program of the catalogue, faulty or corrected, as a project of its own."""

from __future__ import annotations

import fcntl
import importlib.util
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from types import ModuleType

import psycopg
from psycopg import sql

from pytest_prodparity.databases.provider import Server
from pytest_prodparity.profile.capture import capture
from pytest_prodparity.profile.scale import scaled
from pytest_prodparity.profile.store import save

from tests.project import Project, Result

HERE = Path(__file__).parent

SETTINGS = """\
[tool.prodparity.env]
DATABASE_URL = "{db.url}"
DATABASE_DSN = "{db.dsn}"
ASYNC_DATABASE_URL = "{db.async_url}"

[tool.pytest.ini_options]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""


WITHOUT = ("-p", "no:prodparity")

ALONE = """\
import os, sys
import pytest

CLEAN = dict(os.environ)

def alone(module, environment):
    sys.modules.pop("app", None)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = str(module.path.parent)

@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    if isinstance(collector, pytest.Module):
        alone(collector, CLEAN)
    report = yield
    if isinstance(collector, pytest.Module):
        collector.own = sys.modules.get("app"), dict(os.environ)
    return report

def pytest_runtest_setup(item):
    module = item.getparent(pytest.Module)
    app, environment = module.own
    alone(module, environment)
    sys.modules["app"] = app
"""
"""Each module imports an `app` of its own, in an environment that no other module has set."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A folder of the catalogue."""

    folder: Path
    rule: str
    story: str
    level: str = "dev"
    """At which it is found."""

    @property
    def name(self) -> str:
        """`rule/name`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def django(self) -> bool:
        """It can be set up only once in a process."""
        return any("django" in path.read_text() for path in self.folder.glob("*.py"))

    def alone(self, variant: str) -> bool:
        """Does this variant need a process, or a production, of its own?"""
        return self.django or (variant == "corrected" and bool(self.migration))

    @property
    def migration(self) -> str:
        """What the correction changes in production's schema."""
        path = self.folder / "corrected.sql"
        return path.read_text() if path.exists() else ""

    @property
    def line(self) -> int:
        """The marked line of the faulty program."""
        lines = (self.folder / "faulty.py").read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if line.rstrip().endswith("# <- here"))


def cases(*, innocent: bool, room: str = "") -> list[Case]:
    """All faulty programs with their corrections, or all innocent ones; of a `room`, such as `faults`, in its folder."""
    found = []
    for path in sorted((HERE / room).glob("*/*/case.toml")):
        data = tomllib.loads(path.read_text())
        if (data["rule"] == "none") is innocent:
            found.append(
                Case(folder=path.parent, rule=data["rule"], story=data["story"], level=data.get("level", "dev"))
            )
    return found


def batches(variant: str, every: int = 1, room: str = "faults") -> list[list[Case]]:
    """Programs of a room, each `every`-th: by rule, level and production, so that they can share a process."""
    chosen = cases(innocent=variant == "app", room=room)[::every]

    def shared(case: Case) -> tuple[str, str, str]:
        own = case.name if case.alone(variant) else ""
        return case.folder.parent.name, "production" if case.level == "production" else "staging", own

    return [list(batch) for _, batch in groupby(sorted(chosen, key=shared), key=shared)]


NOTED = {"hang/05_kiosk_login"}
"""All drivers wait for ever when the network is silent: that is noted, and fails a test only if its marker asks for it."""


FAULTS = """
[tool.prodparity.levels.staging]
rows = 0
growth = false
latency = 0
faults = { scenarios = 24 }

[tool.prodparity.levels.production]
rows = 0
growth = false
latency = 0
faults = { scenarios = 40 }

[tool.prodparity.rules.hang]
seconds = 8
"""
"""What a sweep looks for needs no volume."""


class Catalogue:
    """The captured production that all programs share, built once below `folder`."""

    def __init__(self, server: Server, folder: Path, cache: Path) -> None:
        self._server = server
        self._folder = folder
        self._cache = cache
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, case: Case, variant: str, project: Path, *arguments: str) -> Result:
        """Run a case's marked tests with `faulty`, `corrected` or `app` as its module app."""
        parity = self._parity(case.migration if variant == "corrected" else "")
        shutil.copytree(parity, project / "parity", dirs_exist_ok=True)
        return self._made(case, variant, project).run("test_parity.py", "--parity-level=dev", *arguments)

    def mock(self, case: Case, variant: str, project: Path) -> Result:
        """Run its mock tests, without this plugin: they set an environment of their own."""
        return self._made(case, variant, project).run("test_mock.py", *WITHOUT)

    def mocks(self, project: Path) -> Result:
        """Run the mock tests of all programs that can share a process."""
        for variant in ("faulty", "corrected"):
            for case in cases(innocent=False):
                if not case.django:
                    self._beside(case, variant, "test_mock.py", project)
        return self._shared(project).run("--import-mode=importlib", *WITHOUT, timeout=600)

    def together(
        self, variant: str, project: Path, *, migrated: bool = False
    ) -> tuple[Result, dict[str, list[tuple[str, str]]]]:
        """Run the marked tests of all programs that can share a process and a production; findings by case.

        `migrated`: those whose correction changes the schema, on a production that has all these changes.
        """
        chosen = [
            case
            for case in cases(innocent=variant == "app")
            if not case.django and bool(variant == "corrected" and case.migration) is migrated
        ]
        migration = "".join(case.migration for case in chosen) if migrated else ""
        shutil.copytree(self._parity(migration), project / "parity")
        folders = {self._beside(case, variant, "test_parity.py", project).name: case.name for case in chosen}
        result = self._shared(project).run("--import-mode=importlib", "--parity-level=dev", timeout=600)
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in folders.values()}
        for rule, place in result.findings:
            folder, _, line = str(place).partition("/")
            found[folders[folder]].append((rule, line))
        return result, found

    def swept(
        self, chosen: Sequence[Case], variant: str, project: Path, *arguments: str
    ) -> tuple[Result, dict[str, list[str]]]:
        """Run the marked tests of programs of one level under faults; rules by case. One process for all of them."""
        migrations = {case.migration for case in chosen if variant == "corrected"} or {""}
        (migration,) = migrations
        shutil.copytree(self._parity(migration), project / "parity")
        folders = {self._beside(case, variant, "test_parity.py", project).name: case.name for case in chosen}
        level = "production" if chosen[0].level == "production" else "staging"
        made = self._shared(project).write({"pyproject.toml": SETTINGS + FAULTS})
        result = made.run(
            "--import-mode=importlib",
            f"--parity-level={level}",
            "--parity-database=embedded",
            "-v",
            *arguments,
            timeout=1800,
        )
        found: dict[str, list[str]] = {name: [] for name in folders.values()}
        for finding in (result.report or {"findings": []})["findings"]:
            found[folders[finding["test"].partition("/")[0]]].append(finding["rule"])
        return result, found

    def _shared(self, project: Path) -> Project:
        return Project(project, self._cache).write({"pyproject.toml": SETTINGS, "conftest.py": ALONE})

    @staticmethod
    def _beside(case: Case, variant: str, test: str, project: Path) -> Path:
        folder = project / f"{case.name.replace('/', '_')}_{variant}"
        folder.mkdir()
        shutil.copy(case.folder / test, folder)
        shutil.copy(case.folder / f"{variant}.py", folder / "app.py")
        return folder

    def _made(self, case: Case, variant: str, project: Path) -> Project:
        for test in case.folder.glob("test_*.py"):
            shutil.copy(test, project / test.name)
        shutil.copy(case.folder / f"{variant}.py", project / "app.py")
        return Project(project, self._cache).write({"pyproject.toml": SETTINGS})

    def _parity(self, migration: str) -> Path:
        target = self._folder / (sha256(migration.encode()).hexdigest()[:12] if migration else "plain")
        with _locked(self._folder / "lock"):
            if not (target / "profile.json").exists():
                self._capture(target, migration)
        return target

    def _capture(self, target: Path, migration: str) -> None:
        build = _module(HERE / "production" / "build.py")
        with psycopg.connect(self._server.dsn(), autocommit=True) as admin:
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = 'catalogue'").fetchone():
                admin.execute("CREATE DATABASE catalogue")
                build.build(self._server.dsn("catalogue"))
                for name, value in settable(admin, build.SETTINGS).items():
                    statement = sql.SQL("ALTER DATABASE catalogue SET {} = {}")
                    admin.execute(statement.format(sql.Identifier(name), sql.Literal(value)))
            name = "catalogue"
            if migration:
                name = f"catalogue_{target.name}"
                admin.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE catalogue STRATEGY file_copy").format(sql.Identifier(name))
                )
                for setting, value in settable(admin, build.SETTINGS).items():
                    statement = sql.SQL("ALTER DATABASE {} SET {} = {}")
                    admin.execute(statement.format(sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)))
                with psycopg.connect(
                    self._server.dsn(name), autocommit=True, options="-c statement_timeout=0"
                ) as connection:
                    connection.execute(migration.encode())
                    connection.execute("ANALYZE")
            profile, schema = capture(self._server.dsn(name))
            save(target, scaled(profile, build.ROWS), schema)
            if migration:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def settable(admin: psycopg.Connection[tuple[object, ...]], settings: Mapping[str, str]) -> dict[str, str]:
    """Those that a database can be given."""
    rows = admin.execute("SELECT name FROM pg_settings WHERE context IN ('user', 'superuser')").fetchall()
    return {name: value for name, value in settings.items() if (name,) in rows}


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
