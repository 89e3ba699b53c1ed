"""`parity_env`: what production has, and subprocesses under its limits."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import ProdparityError, UsageError
from pytest_prodparity.environment.in_force import Environment
from pytest_prodparity.environment.manifest import Limits, Manifest
from tests.project import Project

Make = Callable[[Mapping[str, str]], Project]


def test_the_fixture_says_what_is_in_force(project: Make) -> None:
    tests = (
        "import os\n"
        "def test_unmarked(parity_env):\n"
        "    assert 'LAPTOP_ONLY' in parity_env.hidden and 'LAPTOP_ONLY' not in os.environ\n"
        "    assert parity_env.manifest.variables['DATABASE_URL'].kind == 'url'\n"
    )
    one = project({"test_it.py": tests})
    assert one.run(environment={"LAPTOP_ONLY": "1"}).outcomes == {"passed": 1}
    (one.folder / "parity" / "environment.toml").unlink()
    result = one.run()
    assert result.outcomes == {"error": 1}
    assert "environment.toml does not exist.\nE   To fix: prodparity env capture" in result.out or (
        "To fix: prodparity env capture" in result.out
    )


def test_a_subprocess_has_productions_limits() -> None:
    manifest = Manifest(limits=Limits(open_files=64, memory=1 << 30), umask=0o077)
    code = (
        "import os, resource\nold = os.umask(0)\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], resource.getrlimit(resource.RLIMIT_AS)[0], oct(old))\n"
        "try:\n    x = bytearray(2 << 30)\nexcept MemoryError:\n    print('no memory')\n"
    )
    one = Environment(manifest, None)
    done = one.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "64 1073741824 0o77\nno memory\n", done.stderr
    done = one.run([sys.executable, "-c", code], limits=["umask"], capture_output=True, text=True)
    assert " 0o77\n" in done.stdout
    assert not done.stdout.startswith("64 ")


def test_another_user_takes_root() -> None:
    one = Environment(Manifest(uid=65534, gid=65534), None)
    command = ["/bin/sh", "-c", "id -u"]
    if os.geteuid() == 0:
        assert one.run(command, capture_output=True, text=True).stdout == "65534\n"
    else:
        with pytest.raises(ProdparityError, match="This machine does not allow production's limits: uid 65534"):
            one.run(command, capture_output=True)


def test_read_only_paths_cannot_be_written_to_or_it_is_said(tmp_path: Path) -> None:
    one = Environment(Manifest(read_only=(str(tmp_path),)), None)
    said = ""
    try:
        said = one.run(["/bin/sh", "-c", f"echo x > '{tmp_path}/file'"], capture_output=True, text=True).stderr
    except ProdparityError as refused:
        said = str(refused)
    assert "ead-only file system" in said or "This machine does not allow production's limits: read_only" in said
    assert not (tmp_path / "file").exists()


def test_a_limit_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="limits='disk' does not exist"):
        Environment(Manifest(), None).run(["true"], limits=["disk"])
