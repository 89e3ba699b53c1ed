"""An image that was refused is not asked for again for an hour."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_prodparity.databases import refusals

WHY = "The image shop:15 is not on this machine and cannot be pulled: connection refused"


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="prodparity refusals ", dir="/var/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("PRODPARITY_CACHE", str(folder))
    yield folder
    shutil.rmtree(folder)


def test_it_is_said_when_it_was_and_when_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusals.recent("shop:15") is None
    refusals.remember("shop:15", WHY)
    assert refusals.recent("shop:16") is None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 12 * 60 + 1)
    assert refusals.recent("shop:15") == f"{WHY} (asked 12 min ago, again in 48 min; sooner: docker pull shop:15)"
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert refusals.recent("shop:15") is None
    monkeypatch.setattr(time, "time", lambda: now - 60)  # the clock was put back
    assert refusals.recent("shop:15") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"why": "x"}', '{"why": "x", "at": "noon"}'])
def test_a_note_that_cannot_be_read_is_none(place: Path, text: str) -> None:
    refusals.remember("shop:15", WHY)
    (file,) = (place / "refusals").iterdir()
    file.write_text(text)
    assert refusals.recent("shop:15") is None
