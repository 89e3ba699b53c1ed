"""What one run owns is made once, whichever thread asks first."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_prodparity.core.settings import Settings
from pytest_prodparity.databases.provider import Server
from pytest_prodparity.session import Session


def test_two_threads_that_need_a_new_server_do_not_wait_for_each_other(server: Server, tmp_path: Path) -> None:
    session = Session(Settings(root=tmp_path))
    session._server = server
    asks = threading.Event()
    found = []

    def prepare() -> None:
        asks.set()
        found.append(session.templates)

    def run_a_test() -> None:
        with session._lock:
            beside.start()
            asks.wait()
            beside.join(0.2)  # it waits for the lock by now
            found.append(session.templates)

    beside = threading.Thread(target=prepare, daemon=True)
    test = threading.Thread(target=run_a_test, daemon=True)
    test.start()
    test.join(10)
    beside.join(10)
    session._server = None
    session.close()
    assert len(found) == 2
    assert found[0] is found[1]
