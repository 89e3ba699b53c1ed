"""Where the code waits between two trips while its transaction is open.

The wire sees only that nothing comes. So a thread looks at the waiting code's stack every few milliseconds: a call that
stands still between two looks while its thread uses no processor is a wait, and the user's line above it is the evidence.
Code that computes is never accused, however slow the machine.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from ..core.findings import Source
from ..wire.frames import current_frames
from ..wire.sender import OWN_THREADS
from ..wire.source import Line, Lines, chain, tasks
from ..wire.trip import Trip

EVERY_S = 0.01
QUIET_S = 0.02
"""A shorter gap between two trips is not looked at."""
STALL_S = 0.1
"""Two looks further apart than this say nothing: then the machine stood still, not the code."""
BUSY = 0.2
"""Of the time between two looks: a thread that used more was computing."""
_DEBUGGERS = {"pdb.py", "bdb.py", "pydevd.py", "ipdb", "debugpy", "_pydevd_bundle", "cmd.py", "code.py"}

Signature = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A time in which the code stood still at one line, with a transaction open."""

    connection: int
    trip: int
    """Number of the trip after which it happened."""
    started: float
    ended: float
    source: Source
    """The innermost line of the user's."""
    stack: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it was seen to stand still, at least."""
        return self.ended - self.started


@dataclass(slots=True)
class _Gap:
    trip: Trip
    seen: float = 0.0
    used: float = 0.0
    signature: Signature = ()
    pauses: list[Pause] = field(default_factory=list)

    def add(self, now: float, used: float, signature: Signature, lines: list[Line]) -> None:
        passed = now - self.seen
        # The stack alone does not tell: a tight loop lets another thread look only ever at the same instruction.
        rests = used - self.used < BUSY * passed
        still = bool(signature) and signature == self.signature and passed < STALL_S and rests
        if still and lines:
            source, stack = lines[0][0], tuple(text for _, text in lines)
            before = self.pauses[-1] if self.pauses else None
            began = self.seen
            if before is not None and before.source == source and before.ended == self.seen:
                self.pauses.pop()
                began = before.started
            self.pauses.append(
                Pause(
                    connection=self.trip.connection, trip=self.trip.number, started=began, ended=now, source=source,
                    stack=stack,
                )
            )  # fmt: skip
        self.seen, self.used, self.signature = now, used, signature


class Watch:
    """Looks at code that holds a transaction open. Its thread lives from the first such moment to `stop`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lines: Lines | None = None
        self._changed = threading.Condition()
        self._gaps: dict[int, _Gap] = {}
        self._found: list[Pause] = []
        self._running = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Forget what was before."""
        with self._changed:
            self._gaps.clear()
            self._found = []
            self._running = True

    def saw(self, trip: Trip) -> None:
        """A trip is complete: it ends one gap, and may begin another."""
        if trip.before == "I" and trip.after == "I":
            return
        with self._changed:
            gap = self._gaps.pop(trip.connection, None)
            if gap is not None:
                self._found += _until(gap.pauses, trip.started - trip.delay)
            if trip.after == "T" and self._running and trip.actor and not trip.actor.startswith("process "):
                self._gaps[trip.connection] = _Gap(trip)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._look, name="prodparity pauses", daemon=True)
                    self._thread.start()
                self._changed.notify()

    def stop(self) -> tuple[Pause, ...]:
        """The pauses between trips. A gap that no trip ended is not known to be one, and is left out."""
        with self._changed:
            self._running = False
            self._gaps.clear()
            self._changed.notify()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        return tuple(self._found)

    def _look(self) -> None:
        ident = threading.get_ident()
        OWN_THREADS.add(ident)
        try:
            while True:
                with self._changed:
                    if not self._running:
                        return
                    if not self._gaps:
                        self._changed.wait()
                        continue
                    self._changed.wait(EVERY_S)
                    gaps = list(self._gaps.values())
                for gap in gaps:
                    if time.monotonic() - gap.trip.ended - gap.trip.delay >= QUIET_S:
                        self._sample(gap)
        finally:
            OWN_THREADS.discard(ident)

    def _sample(self, gap: _Gap) -> None:
        if self._lines is None:
            self._lines = Lines(self._root)
        try:
            ident, signature, lines = self._stack(gap.trip.actor, self._lines)
            used = _processor(ident)
        except Exception:  # noqa: BLE001  # other threads change under our eyes; one look less is no harm
            return
        with self._changed:
            gap.add(time.monotonic(), used, signature, lines)

    def _stack(self, actor: str, known: Lines) -> tuple[int, Signature, list[Line]]:
        frames = current_frames()
        try:
            named = [thread.ident for thread in threading.enumerate() if thread.name == actor]
            lines: list[Line] = []
            if len(named) == 1 and named[0] in frames:
                top = frames[named[0]]
                if known.of_thread(top, lines) is None:
                    return named[0] or 0, _signature(_outward(top)), lines
            for ident, top in frames.items():
                loop = known.of_thread(top, []) if ident not in OWN_THREADS else None
                same = [task for task in tasks(loop) if task.get_name() == actor] if loop is not None else []
                if len(same) == 1:
                    lines = []
                    known.of_task(same[0], lines)
                    return ident, _signature(chain(same[0])), lines
            return 0, (), []
        finally:
            frames.clear()


def _processor(ident: int) -> float:
    """Seconds in which a thread ran or was ready to; of the whole process where the system does not tell threads apart.

    Ready to: on a crowded machine a computing thread stands in the processor's queue, which is no waiting of its own.
    """
    if sys.platform == "linux":
        native = next((thread.native_id for thread in threading.enumerate() if thread.ident == ident), None)
        if native is not None:
            with contextlib.suppress(OSError, ValueError, IndexError):
                ran, queued = Path(f"/proc/self/task/{native}/schedstat").read_text().split()[:2]
                return (int(ran) + int(queued)) / 1e9
            # The kernel's own number for a thread's clock (clock_getcpuclockid); pthread's crashes for an ended thread.
            return time.clock_gettime((~native << 3) | 6)
    return time.process_time()


def _outward(frame: FrameType) -> list[FrameType]:
    out: list[FrameType] = []
    at: FrameType | None = frame
    while at is not None:
        out.append(at)
        at = at.f_back
    return out


def _signature(frames: list[FrameType]) -> Signature:
    """Equal for two looks between which nothing ran; empty where a debugger has the code."""
    for frame in frames:
        parts = frame.f_code.co_filename.replace("\\", "/").split("/")
        if not _DEBUGGERS.isdisjoint(parts):
            return ()
    return tuple((id(frame.f_code), frame.f_lasti) for frame in frames)


def _until(pauses: list[Pause], end: float) -> list[Pause]:
    """A look may fall into the next trip, of which the recorder hears only when it is over."""
    return [replace(each, ended=min(each.ended, end)) for each in pauses if each.started < end]
