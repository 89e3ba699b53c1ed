"""A service to record, and flows without pytest around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recorded import play
from pytest_prodparity.recordings import flow as flows
from pytest_prodparity.recordings.choices import Choices
from pytest_prodparity.recordings.flow import Flow
from tests.recordings.service import Service, serving

Open = Callable[..., AbstractContextManager[Flow]]


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def flow(tmp_path: Path) -> Open:
    """`with flow("all") as one:` records cassette.yaml, `flow("none")` plays it."""

    @contextmanager
    def opened(mode: str, *, path: Path | None = None, good: bool = True, **more: Any) -> Iterator[Flow]:
        flows._LIVE.clear()
        made = Flow(
            path=path or tmp_path / "cassette.yaml",
            mode=mode,
            choices=more.pop("choices", Choices()),
            play=play,
            test="tests/test_it.py::test_it",
            **more,
        )
        with made.open():
            yield made
            if good:
                made.keep()

    return opened
