"""A real OpenID provider and the APIs behind it, in a process of their own."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from tests.provider.install import FOLDER, installed, node
from tests.provider.secrets import credentials

DEADLINE = 30.0
TRANSPORT = {"OAUTHLIB_INSECURE_TRANSPORT": "1", "AUTHLIB_INSECURE_TRANSPORT": "1"}
"""Loopback has no TLS; both libraries want to be told that this is known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """Where a client finds everybody: origins without a slash at their end."""

    issuer: str
    """The provider: `/auth`, `/token`, `/device/auth`, `/jwks`, `/token/introspection`, `/.well-known/openid-configuration`."""
    api: str
    """The resource server, whose `/callback` is every client's redirect URI."""
    files: str
    """Another origin of the same owner."""
    aws: str
    """What AWS would be: region eu-west-1, an `execute-api` stage `/prod` and a `dynamodb`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """One request that was answered; `refusal` is empty if it was granted."""

    method: str
    path: str
    status: int
    refusal: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status} {self.refusal}".rstrip()


class Provider:
    """Talks to its process by lines on pipes: nothing that replaces HTTP or watches sockets sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._turn = threading.Lock()
        self._answers: queue.Queue[str] = queue.Queue()
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), name="provider", daemon=True)
        self._reader.start()
        self.secrets = credentials()
        self.environ = {**self.secrets, **TRANSPORT}
        """What the clients find in their environment."""
        self.base = Base(issuer="", api="", files="", aws="")

    def start(self) -> None:
        """Makes it listen; `base` is known from then on."""
        self.base = Base(**self._ask("start", secrets=self.secrets))

    def close(self) -> None:
        """Ends the process, which reads its end from its input."""
        self._orders.close()
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._reader.join(DEADLINE)

    def _read(self, answers: IO[str]) -> None:
        for line in answers:
            self._answers.put(line)
        self._answers.put("")

    def _ask(self, command: str, **given: Any) -> dict[str, Any]:
        with self._turn:
            self._orders.write(json.dumps({"command": command, **given}) + "\n")
            self._orders.flush()
            line = self._answers.get(timeout=DEADLINE)
        if not line:
            raise RuntimeError(f"The provider ended before it answered `{command}`; its words are above.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"The provider failed at `{command}`: {answer['error']}")
        return answer

    def reset(self) -> None:
        """Forgets tokens, sessions, limits and what was answered, and puts the clock right."""
        self._ask("reset")

    def advance(self, seconds: float) -> None:
        """Moves the clock of the provider and of the APIs. Users approve devices meanwhile."""
        self._ask("advance", seconds=seconds)

    def now(self) -> float:
        return float(self._ask("now")["now"])

    def answered(self) -> list[Answered]:
        """Every request since the last reset, in the order in which the answers were complete."""
        return [Answered(**entry) for entry in self._ask("journal")["entries"]]


@contextmanager
def running() -> Iterator[Provider]:
    """Starts it on free ports of 127.0.0.1. It also ends when this process does, however that ends."""
    installed()
    command = [*node(), "main.mjs"]
    with subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        provider = Provider(process)
        try:
            provider.start()
            yield provider
        finally:
            provider.close()
