"""Who loads: this process over one connection, or several processes over one each.

Processes are started afresh, never forked: this one may have threads. Large arrays go to them as files that all map.
A worker asks for a block, makes and sends it, and asks again; it ends with its standard input.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from ..core.errors import ProdparityError
from .load import Counter, Job, work
from .values import CHUNK

SHOWN = 0.2
"""Seconds between two calls of the progress."""
PAYS = 12_000_000
"""Values from which on a second process pays for its start."""
MOST = 4
LARGE = 1 << 16
"""Bytes from which on an array is a file."""


def team_of(jobs: Sequence[Job]) -> int:
    """How many processes pay."""
    values = sum(job.rows * len(job.columns) for job in jobs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if values < PAYS else max(1, min(MOST, cores))


def load(
    dsn: str,
    connection: psycopg.Connection,
    jobs: Sequence[Job],
    progress: Callable[[int, int, str], None],
    workers: int | None,
) -> None:
    """Load all jobs. Raises ProdparityError for the table whose rows the server refuses."""
    several = team_of(jobs) if workers is None else workers
    if several > 1:
        _together(dsn, jobs, progress, several)
    else:
        _alone(connection, jobs, progress)


def _alone(connection: psycopg.Connection, jobs: Sequence[Job], progress: Callable[[int, int, str], None]) -> None:
    total, done, shown = sum(job.rows for job in jobs), 0, time.monotonic()

    def sent(number: int, count: int) -> None:
        nonlocal done, shown
        done += count
        if time.monotonic() - shown > SHOWN:
            shown = time.monotonic()
            progress(done, total, jobs[number].full_name)

    work(connection, jobs, Counter(jobs).taker(), sent)


def _together(dsn: str, jobs: Sequence[Job], progress: Callable[[int, int, str], None], several: int) -> None:
    total, done = sum(job.rows for job in jobs), 0
    counter, events = Counter(jobs), queue.Queue[tuple[str, Any]]()
    with tempfile.TemporaryDirectory(prefix="prodparity-") as name:
        folder = Path(name)
        order = pickle.dumps((dsn, name, _packed(jobs, folder)))
        team = [_Worker(order, counter, jobs, events) for _ in range(several)]
        try:
            left, shown, what = len(team), 0.0, ""
            while left:
                kind, value = events.get()
                if kind == "sent":
                    done += value[1]
                    what = jobs[value[0]].full_name
                elif kind == "failed":
                    raise value
                else:
                    left -= 1
                if time.monotonic() - shown > SHOWN and what:
                    shown = time.monotonic()
                    progress(done, total, what)
        finally:
            for worker in team:
                worker.stop()
    if done != total:
        raise ProdparityError(f"Only {done:,} of {total:,} rows were loaded.", fix="run again")


class _Worker:
    """One process, and the thread that gives it work."""

    def __init__(
        self, order: bytes, counter: Counter, jobs: Sequence[Job], events: queue.Queue[tuple[str, Any]]
    ) -> None:
        source = str(Path(__file__).parent.parent.parent)
        paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._counter, self._jobs, self._events = counter, jobs, events
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # closed in stop
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pytest_prodparity.synthesis.worker"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )  # fmt: skip
        self._thread = threading.Thread(target=self._serve, args=(order,), name="prodparity-load", daemon=True)
        self._thread.start()

    def _serve(self, order: bytes) -> None:
        try:
            self._talk(order)
        except (OSError, ValueError) as cause:
            self._events.put(
                ("failed", ProdparityError(f"A process that makes rows has died: {cause}. {self._said()}"))
            )

    def _talk(self, order: bytes) -> None:
        process, held, take = self._process, (0, 0), self._counter.taker()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(order)
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(b"{"):
                self._events.put(("failed", ProdparityError(**json.loads(line))))
                return
            if held[1]:
                self._events.put(("sent", held))
            found = take()
            held = (found[0], min(CHUNK, self._jobs[found[0]].rows - found[1])) if found else (0, 0)
            process.stdin.write(f"{found[0]} {found[1]}\n".encode() if found else b"end\n")
            process.stdin.flush()
            if found is None and line == b"done\n":
                break
        code = process.wait(timeout=60)
        if code:
            self._events.put(
                ("failed", ProdparityError(f"A process that makes rows has died ({code}). {self._said()}"))
            )
        else:
            self._events.put(("finished", None))

    def _said(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read().decode(errors="replace").strip()[-800:]

    def stop(self) -> None:
        """Kill it if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._thread.join(timeout=10)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue


class _Packer(pickle.Pickler):
    """Arrays become files, each once."""

    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file, protocol=5)
        self._folder = folder
        self._known: dict[int, tuple[str, Any]] = {}

    def persistent_id(self, obj: Any) -> str | None:
        if not isinstance(obj, np.ndarray) or obj.nbytes < LARGE:
            return None
        if id(obj) not in self._known:
            name = f"{len(self._known)}.npy"
            np.save(self._folder / name, obj)
            # held, so that no other array gets its id
            self._known[id(obj)] = (name, obj)
        return self._known[id(obj)][0]


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, folder: Path) -> None:
        super().__init__(file)
        self._folder = folder

    def persistent_load(self, pid: str) -> Any:
        return np.load(self._folder / pid, mmap_mode="r")


def _packed(jobs: Sequence[Job], folder: Path) -> bytes:
    file = io.BytesIO()
    _Packer(file, folder).dump(list(jobs))
    return file.getvalue()


def unpacked(data: bytes, folder: Path) -> list[Job]:
    """The jobs, with their arrays mapped."""
    found: list[Job] = _Unpacker(io.BytesIO(data), folder).load()
    return found
