"""The provider refuses for real, its clock can be moved, and it never outlives the tests."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from tests.provider.install import FOLDER, Missing, node
from tests.provider.running import Provider, running
from tests.provider.secrets import PUBLIC

DEADLINE = 30.0


def asked(url: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(url, urlencode(form).encode() if form else None, headers)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.load(refused)


def token(provider: Provider, secret: str) -> tuple[int, dict[str, object]]:
    basic = base64.b64encode(f"{provider.secrets['SHOP_CLIENT_ID']}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials", "scope": "orders:read"}
    return asked(f"{provider.base.issuer}/token", form, Authorization=f"Basic {basic}")


def test_a_wrong_secret_is_refused_and_the_journal_says_so(provider: Provider) -> None:
    provider.reset()
    status, answer = token(provider, "guessed")
    assert (status, answer["error"]) == (401, "invalid_client")
    assert [str(entry) for entry in provider.answered()] == ["POST /token 401 invalid_client"]


def test_a_token_expires_when_the_clock_is_moved(provider: Provider) -> None:
    provider.reset()
    issued = token(provider, provider.secrets["SHOP_CLIENT_SECRET"])[1]
    bearer = f"Bearer {issued['access_token']}"
    before = asked(f"{provider.base.api}/orders", Authorization=bearer)[0]
    provider.advance(float(str(issued["expires_in"])) + 1)
    after = asked(f"{provider.base.api}/orders", Authorization=bearer)[0]
    provider.reset()
    assert (before, after) == (200, 401)
    assert abs(provider.now() - time.time()) < DEADLINE


def test_a_token_with_another_signature_is_refused(provider: Provider) -> None:
    provider.reset()
    issued = str(token(provider, provider.secrets["SHOP_CLIENT_SECRET"])[1]["access_token"])
    head, claims, signature = issued.split(".")
    turned = f"{head}.{claims}.{signature[::-1]}"
    assert asked(f"{provider.base.api}/orders", Authorization=f"Bearer {turned}") == (401, {"error": "invalid_token"})


def test_without_node_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing) as missing:
        node()
    assert "no `node` on the PATH" in str(missing.value)
    assert "To fix: apt-get install nodejs npm" in str(missing.value)


def test_node_that_is_too_old_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho v12.22.9\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Missing, match=r"Node.js 18 or later is needed, .*node is v12.22.9"):
        node()


def test_a_failure_of_the_process_is_told_and_ends_it(provider: Provider) -> None:
    with running() as another:
        with pytest.raises(RuntimeError, match=r"The provider failed at `fly`: .*is not a function"):
            another._ask("fly")
        process = another._process
    assert process.wait(DEADLINE) == 0


PARENT = """
import signal
from tests.provider.running import running
with running() as provider:
    print(provider.base.api, flush=True)
    signal.pause()
"""


def test_nothing_is_left_when_the_tests_are_killed(provider: Provider) -> None:
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=root, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        origin = urlsplit(parent.stdout.readline().strip())
        address = (str(origin.hostname), int(origin.port or 0))
        socket.create_connection(address, DEADLINE).close()
        parent.kill()
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        try:
            socket.create_connection(address, DEADLINE).close()
        except ConnectionRefusedError:
            return
    pytest.fail(f"{address} still answers")


def test_what_is_called_public_exists(provider: Provider) -> None:
    assert provider.secrets.keys() > PUBLIC


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert all("integrity" in package for name, package in lock["packages"].items() if name)
