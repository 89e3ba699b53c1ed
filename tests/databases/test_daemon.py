"""Whether a Docker daemon answers, asked of sockets that a test makes."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from pytest_prodparity.core.levels import Level
from pytest_prodparity.databases.choose import provider
from pytest_prodparity.databases.daemon import daemon
from pytest_prodparity.databases.embedded import Embedded


def test_no_daemon_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    found = daemon()
    assert found.version is None
    assert found.problem == f"there is no {tmp_path}/none.sock"
    assert found.fix is not None
    assert "start Docker" in found.fix


def test_a_daemon_on_another_machine_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://build.example.com:2375")
    found = daemon()
    assert found.version is None
    assert "is another machine" in (found.problem or "")


def test_a_daemon_that_hangs_costs_no_more_than_a_moment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        found = daemon()
    assert found.version is None
    assert "does not answer" in (found.problem or "")


def test_something_else_on_the_socket_is_not_a_daemon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"hello\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        found = daemon()
        thread.join(10)
    assert found.version is None


def test_auto_without_a_daemon_is_embedded_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    chosen = provider("auto", level=Level.STAGING, production_version=160004)
    assert isinstance(chosen.provider, Embedded)
    assert chosen.notes == (f"embedded PostgreSQL in place of a container: there is no {tmp_path}/none.sock",)


def test_auto_at_dev_is_embedded_and_asks_no_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://build.example.com:2375")
    chosen = provider("auto", level=Level.DEV, production_version=160004)
    assert isinstance(chosen.provider, Embedded)
    assert chosen.notes == ()
