"""A headless Chromium that listens nowhere: it is driven over a pipe, by the DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-dev-shm-usage", "--disable-extensions", "--no-first-run", "--no-default-browser-check",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE_S = 60.0
# Chromium reads from descriptor 3 and writes to 4.
_LAUNCH = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"
)


def program() -> str | None:
    """Its path; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One process with one page at a time."""

    def __init__(self, write: int, read: int) -> None:
        self.events: list[dict[str, Any]] = []
        """All that was reported, such as console messages."""
        self._write = write
        self._read = read
        self._rest = b""
        self._number = 0
        self._session: str | None = None

    def open(self, path: Path, *, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """A file, in a fresh page of that size; waits until it is loaded."""
        if self._session is None:
            target = self.call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for room in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{room}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.until(lambda: any(event["method"] == "Page.loadEventFired" for event in self.events), "the page is loaded")

    def evaluate(self, expression: str) -> Any:
        """What a script comes to, as JSON has it."""
        came = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in came, came["exceptionDetails"]
        return came["result"].get("value")

    def key(self, key: str, *, text: str = "") -> None:
        """Press and let go."""
        codes = {"Tab": 9, "Enter": 13, " ": 32, "Escape": 27}
        common = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def write(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """What is to be seen, as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def complaints(self) -> list[str]:
        """Errors, violations of the policy, dialogs, and whatever was asked of the network beside files."""
        found = []
        for event in self.events:
            method, told = event["method"], event["params"]
            if method == "Runtime.exceptionThrown" or method == "Page.javascriptDialogOpening":
                found.append(json.dumps(told))
            elif method == "Log.entryAdded":
                found.append(told["entry"]["text"])
            elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith("file:"):
                found.append(told["request"]["url"])
        return found

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for it, taking note of what is reported."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {PATIENCE_S:g} s: {what}")
            self._take(0.05)

    def call(self, method: str, **params: Any) -> Any:
        """One command of the DevTools protocol."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for answer in self._take(0.5):
                if answer.get("id") == number:
                    assert "error" not in answer, f"{method}: {answer['error']}"
                    return answer["result"]
        raise AssertionError(f"no answer to {method} within {PATIENCE_S:g} s")

    def _take(self, seconds: float) -> list[dict[str, Any]]:
        ready, _, _ = select.select([self._read], [], [], seconds)
        if ready:
            came = os.read(self._read, 1 << 20)
            assert came, "Chromium has ended"
            self._rest += came
        *whole, self._rest = self._rest.split(b"\0")
        messages = [json.loads(each) for each in whole]
        self.events += [each for each in messages if "method" in each]
        return messages


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A running one, with its files in `folder`; it ends with the block."""
    path = program()
    assert path is not None
    there, write = os.pipe()
    read, back = os.pipe()
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        _LAUNCH,
        str(there),
        str(back),
        path,
        *FLAGS,
        f"--user-data-dir={folder}",
        "about:blank",
    ]
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            command, pass_fds=(there, back), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}
        )  # fmt: skip
    os.close(there)
    os.close(back)
    browser = Browser(write, read)
    try:
        yield browser
    finally:
        with contextlib.suppress(AssertionError, OSError):
            browser._session = None
            browser.call("Browser.close")
        for end in (write, read):
            os.close(end)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
