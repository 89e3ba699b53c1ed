"""Which commit ran is known without a command."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pytest_prodparity.gate.revision import revision
from tests.gate.repository import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git makes what is read here")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "one")
    return folder


def test_a_branch_a_packed_branch_and_a_bare_commit_are_the_same(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    (repository / "tests").mkdir()
    assert revision(repository / "tests") == commit
    git(repository, "pack-refs", "--all")
    assert revision(repository) == commit
    git(repository, "checkout", "-q", "--detach")
    assert revision(repository) == commit


def test_a_worktree_has_a_commit_of_its_own(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "two")
    assert revision(tmp_path / "other") == git(tmp_path / "other", "rev-parse", "HEAD") != revision(repository)


def test_where_nothing_can_be_told_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    assert revision(tmp_path) is None
    (tmp_path / ".git").write_bytes(b"\xff")
    assert revision(tmp_path) is None
