"""Projects with a manifest, and without a database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.project import Project, Result

MANIFEST = """\
[variables]
DATABASE_URL = { kind = "url" }
REGION = { kind = "text" }
"""


class Quick(Project):
    """Without the plugins that happen to be installed: they cost most of a run."""

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None, timeout: float = 120) -> Result:
        """As of any project."""
        workers = ["-p", "xdist"] if any(one.startswith("-n") for one in arguments) else []
        alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", **(environment or {})}
        return super().run("-p", "pytest_prodparity.plugin", *workers, *arguments, environment=alone, timeout=timeout)


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Callable[[Mapping[str, str]], Project]:
    """A project whose production has DATABASE_URL and REGION."""

    def make(files: Mapping[str, str]) -> Project:
        folder = tmp_path / "a project"
        return Quick(folder, cache).write(
            {"pyproject.toml": "[tool.prodparity]\n", "parity/environment.toml": MANIFEST, **files}
        )

    return make
