"""Every check, one session each; `.ci/run` runs them all. `nox --list` names them."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "docs", "changes"]

GROUPS = nox.project.load_toml("pyproject.toml")
DECLARED = nox.project.python_versions(GROUPS)
COVERED = 90
"""Percent of lines and branches that the suite must reach."""


def found() -> list[str]:
    """The declared Pythons that this machine has, pyenv's included; the latter are put on the PATH."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    kept = sorted((path for path in versions.glob("3.*") if re.fullmatch(r"[\d.]+", path.name)), reverse=True)
    os.environ["PATH"] = os.pathsep.join([*(str(path / "bin") for path in kept), os.environ["PATH"]])
    real = [path for path in os.environ["PATH"].split(os.pathsep) if Path(path).name != "shims"]
    return [version for version in DECLARED if shutil.which(f"python{version}", path=os.pathsep.join(real))]


def install(session: nox.Session, *groups: str) -> None:
    """The package as a user gets it, and dependency groups."""
    session.install(".", *nox.project.dependency_groups(GROUPS, *groups))


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite on this Python. What needs Docker is skipped where no daemon answers."""
    install(session, "test")
    session.run("pytest", *(session.posargs or ["-n", "2", "--dist", "worksteal"]))


@nox.session
def coverage(session: nox.Session) -> None:
    """The same under coverage, which costs a third more processor time: not part of each run of CI."""
    install(session, "test")
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *(session.posargs or ["-n", "2", "--dist", "worksteal"]))
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report", *([] if session.posargs else [f"--fail-under={COVERED}"]))


OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@nox.session(python=[version for version in found() if version != OWN] or found())
def pythons(session: nox.Session) -> None:
    """On each other Python of this machine: what needs no other server than the embedded one, of the plugin the quick part."""
    install(session, "test")
    folders = [path for path in sorted(Path("tests").iterdir()) if path.is_dir() and any(path.glob("test_*.py"))]
    long = ["browser", "docker", "docs", "postgres", "catalogue", "pairs", "plugin", "provider"]
    plugin = ["marked", "startup"]
    if session.python == found()[-1]:
        plugin += ["isolation", "isolation_examples"]
    else:  # what differs from one Python to the next shows in the newest
        long += ["cli", "environment", "recordings"]
    quick = [str(path) for path in folders if path.name not in long]
    quick += [f"tests/plugin/test_{name}.py" for name in plugin]
    session.run("pytest", "-n", "2", "--dist", "worksteal", *(session.posargs or quick))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, types, and the arrows of the house."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation; a warning is an error."""
    install(session, "docs")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def changes(session: nox.Session) -> None:
    """The fragments of the changelog make a changelog."""
    session.install("towncrier>=24.8")
    session.run("towncrier", "build", "--draft", "--version", "0.0.0", "--date", "2000-01-01")
