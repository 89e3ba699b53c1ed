"""After a run, while nobody waits: a process of its own removes the run's large copies and makes the next run's ready ones.

It uses the server as any run does: joins it, or starts it again, and stops it as the last that leaves. To kill it loses
nothing but time: what it has not done, the next run does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..core.errors import ProdparityError
from .provider import Provider
from .template import Templates

WORKERS = "PYTEST_XDIST_WORKER_COUNT"


def close(templates: Templates, provider: Provider, *, copies: int = 1) -> subprocess.Popen[bytes] | None:
    """Close a run's `templates`. What takes long is left to another process, which is returned, where there is any.

    `copies`: how many processes the next run will have, as far as one can guess: as many as this one.
    """
    again = provider.again()
    if again is None or not (templates.wanting or templates.left):
        templates.close()
        return None
    templates.close(leave_large=True)
    said = {"provider": again, "templates": sorted(templates.wanting), "copies": copies}
    try:
        return _started(said)
    except OSError:
        return None


def workers() -> int:
    """The processes of this run that need a copy each."""
    said = os.environ.get(WORKERS, "")
    return min(int(said), os.cpu_count() or 1) if said.isdigit() else 1


def _started(said: dict[str, Any]) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pytest_prodparity.databases.refill"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Ctrl-C at the terminal is meant for the run.
        start_new_session=True,
    )
    assert process.stdin is not None
    # Not among the arguments, which everybody can read: there may be a password in it.
    with suppress(BrokenPipeError):
        process.stdin.write(json.dumps(said).encode())
        process.stdin.close()
    # Its end is not waited for, and that is meant.
    process.returncode = 0
    return process


def main() -> None:
    """What the process does; says nothing, since nobody listens."""
    said: dict[str, Any] = json.load(sys.stdin)
    provider = _provider(said["provider"])
    if provider is None:
        return
    try:
        with Templates(provider.start(), run="between runs") as templates:
            templates.sweep()
            for template in said["templates"]:
                templates.ready(template, said["copies"])
    except ProdparityError:
        return
    finally:
        provider.stop()


def _provider(said: dict[str, str]) -> Provider | None:
    """The same server's; None where it was removed meanwhile: nothing is made anew for this."""
    folder = Path(said["folder"])
    if said["kind"] == "embedded":
        from .embedded import Embedded

        return Embedded(folder) if (folder / "data" / "PG_VERSION").exists() else None
    from . import docker

    image = said["image"]
    there = [data.major for kept, data in docker.kept(folder.parent) if kept == folder]
    return docker.Docker(major=there[0], image=image) if there else None


if __name__ == "__main__":
    main()
