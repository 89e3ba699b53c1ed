"""Faults that a test asks for itself, for one block."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.latency import Latency
from ..wire.gate import Asking, Gate, Opening, Strike
from .kinds.kind import Kind

if TYPE_CHECKING:
    from ..relay.relays import Relays
    from ..wire.proxy import Wire


class Block:
    """The gate of one block, in front of the gate of the block around it."""

    def __init__(self, kinds: tuple[Kind, ...], around: Gate | None) -> None:
        self._kinds = kinds
        self._around = around
        self._lock = threading.Lock()
        self._trips = 0
        self._openings = 0
        self._struck = [0] * len(kinds)
        self._unfit: dict[int, str] = {}

    def opening(self, opening: Opening) -> Strike | None:
        """Count it, and find a fault for it."""
        with self._lock:
            self._openings += 1
            strike = self._strike(opening, self._openings)
        return strike or (self._around.opening(opening) if self._around else None)

    def asking(self, asking: Asking) -> Strike | None:
        """Count it, and find a fault for it."""
        with self._lock:
            self._trips += 1
            strike = self._strike(asking, self._trips)
        return strike or (self._around.asking(asking) if self._around else None)

    def _strike(self, asking: Asking | Opening, number: int) -> Strike | None:
        at = "trip" if isinstance(asking, Asking) else "connect"
        for index, kind in enumerate(self._kinds):
            if kind.at == at and kind.trip in (None, number):
                why = kind.fits(asking)
                if why is None:
                    self._struck[index] += 1
                    return kind.strike
                self._unfit[index] = f"{_called(asking)}: {why}"
        return None

    def missed(self) -> str | None:
        """What never struck, and why."""
        with self._lock:
            said = [self._why(index) for index, times in enumerate(self._struck) if not times]
        return "; ".join(said) or None

    def _why(self, index: int) -> str:
        kind = self._kinds[index]
        said = _said(kind)
        seen, what = (self._trips, "trip") if kind.at == "trip" else (self._openings, "new connection")
        counted = f"{seen} {what}{'' if seen == 1 else 's'}" if seen else f"no {what}"
        if index in self._unfit:
            return f"{said} did not fit {self._unfit[index]}"
        if kind.trip is not None and seen:
            return f"{said} waited for number {kind.trip}, and the block had {counted}"
        return f"{said} had nothing to strike: the block had {counted}"


def _said(kind: Kind) -> str:
    """As somebody would type it."""
    if not is_dataclass(kind):
        return repr(kind)
    given = [(each.name, getattr(kind, each.name)) for each in fields(kind) if getattr(kind, each.name) != each.default]
    return f"{type(kind).__name__}({', '.join(f'{name}={value!r}' for name, value in given)})".replace("(code=", "(")


def _called(asking: Asking | Opening) -> str:
    if isinstance(asking, Opening):
        return "a new connection"
    text = " ".join("; ".join(asking.statements).split())
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


@contextmanager
def in_force(wire: Wire, faults: tuple[object, ...], seed: int, *, relays: Relays | None = None) -> Iterator[Block]:
    """Let `faults` loose on what passes `wire` and `relays` in the block; afterwards nothing of them is left.

    An inner block adds to the outer one's; its latency replaces the outer one's. Raises UsageError for what is no fault,
    and at the end where a fault struck nothing, unless the block raises something itself.
    """
    latencies = [fault for fault in faults if isinstance(fault, Latency)]
    kinds = tuple(fault for fault in faults if not isinstance(fault, Latency))
    for fault in kinds:
        _check(fault)
    if not faults or len(latencies) > 1:
        raise UsageError(
            f"parity_faults() has {'no fault' if not faults else f'{len(latencies)} latencies'}.",
            fix="with parity_faults(Latency(ms=0.5), ResetPeer(trip=3)): …",
        )
    before = wire.gate, wire.standing, wire.latency
    before_relays = (relays.gate, relays.latency) if relays is not None else (None, None)
    block = Block(tuple(kind for kind in kinds if isinstance(kind, Kind)), wire.gate)
    if kinds:
        wire.gate = block
    if latencies:
        wire.latency = latencies[0].sampler(seed)
    if relays is not None:
        relays.gate = wire.gate if kinds else relays.gate
        relays.latency = wire.latency if latencies else relays.latency
    try:
        yield block
    finally:
        if kinds:
            wire.lift()
        wire.gate, wire.standing, wire.latency = before
        if relays is not None:
            relays.gate, relays.latency = before_relays
            if kinds:
                relays.lift()
    missed = block.missed()
    if missed is not None:
        raise UsageError(
            f"A fault of parity_faults struck nothing: {missed}.",
            fix="put the calls that are to meet it into the block, or take it out",
        )


def _check(fault: object) -> None:
    if isinstance(fault, type) and hasattr(fault, "strike"):
        raise UsageError(f"parity_faults({fault.__name__}): this is the kind itself.", fix=f"write {fault.__name__}()")
    if not isinstance(fault, Kind):
        raise UsageError(
            f"parity_faults({fault!r}): this is no fault.",
            fix="use Latency(ms=0.5), ResetPeer(), SqlState('40001') and the others of docs/reference/faults.md",
        )
    trip = fault.trip
    if trip is not None and (isinstance(trip, bool) or not isinstance(trip, int) or trip < 1):
        raise UsageError(f"{_said(fault)}: trips are counted from 1.", fix="trip=1 is the block's first")
