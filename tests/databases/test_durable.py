"""A cluster counts as whole only where nobody started its server since."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.databases import durable


def test_a_flush_that_ends_meanwhile_sets_no_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, mark = tmp_path / f"{durable.STOPPED}1", tmp_path / durable.MARK
    stopped.touch()
    unlink = Path.unlink

    def late(path: Path, missing_ok: bool = False) -> None:
        # What the flush in the background does last, at the worst moment.
        if path == stopped:
            stopped.rename(mark)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", late)
    durable.withdraw(tmp_path)
    assert not durable.proven(tmp_path)
