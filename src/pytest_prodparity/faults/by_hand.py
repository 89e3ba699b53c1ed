"""Faults that a test asks for itself, for one block."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

from ..core.errors import UsageError
from ..core.latency import Latency
from ..wire.delayed import Delay
from ..wire.gate import Asking, Gate, Opening, Strike
from .kinds.kind import At, Kind
from .kinds.refuse import Refuse

if TYPE_CHECKING:
    from ..relay.relays import Relays
    from ..wire.proxy import Wire


class Block:
    """One block's faults, and what they have struck."""

    def __init__(self, kinds: tuple[Kind, ...], latency: Delay | None, standing: Gate | None) -> None:
        self.kinds = kinds
        self.latency = latency
        self.standing = standing
        """The wire's gate of what lasts, when the block began."""
        self._lock = threading.Lock()
        self._trips = 0
        self._openings = 0
        self._struck = [0] * len(kinds)
        self._unfit: dict[int, str] = {}

    @property
    def shuts(self) -> bool:
        """Does nobody listen from the block's beginning on?"""
        return any(_shuts(kind) for kind in self.kinds)

    def strike(self, asking: Asking | Opening) -> Strike | None:
        """Count it, and find a fault for it."""
        with self._lock:
            if isinstance(asking, Asking):
                self._trips += 1
                return self._find(asking, "trip", self._trips)
            self._openings += 1
            return self._find(asking, "connect", self._openings)

    def _find(self, asking: Asking | Opening, at: At, number: int) -> Strike | None:
        for index, kind in enumerate(self.kinds):
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
            said = [
                self._why(index)
                for index, times in enumerate(self._struck)
                if not times and not _shuts(self.kinds[index])  # who knocks there nobody hears
            ]
        return "; ".join(said) or None

    def _why(self, index: int) -> str:
        kind = self.kinds[index]
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


def _shuts(kind: Kind) -> bool:
    return isinstance(kind, Refuse) and kind.closed and kind.trip is None


class _Blocks:
    """The gate of all open blocks, the innermost first, and then of what is beneath them."""

    def __init__(self, blocks: tuple[Block, ...], beneath: Gate | None) -> None:
        self._blocks = blocks
        self._beneath = beneath

    def opening(self, opening: Opening) -> Strike | None:
        found = next(filter(None, (block.strike(opening) for block in self._blocks)), None)
        return found or (self._beneath.opening(opening) if self._beneath else None)

    def asking(self, asking: Asking) -> Strike | None:
        found = next(filter(None, (block.strike(asking) for block in self._blocks)), None)
        return found or (self._beneath.asking(asking) if self._beneath else None)


class Hand:
    """The blocks of a run, and the gate beneath them.

    They may end in any order, also those of several threads; after the last one nothing of them is left. Who lifts all
    faults in the middle of a block ends what it does, too, until another block begins or ends.
    """

    def __init__(self, wire: Wire, relays: Relays, *, seed: int) -> None:
        self._wire = wire
        self._relays = relays
        self._seed = seed
        self._open: list[Block] = []
        self._beneath: Gate | None = None
        self._applied: Gate | None = None
        self._latencies: tuple[Delay | None, Delay | None] = (None, None)
        self._delayed = False
        """One of the blocks has a latency."""
        self._lock = threading.RLock()

    def arm(self, gate: Gate | None) -> None:
        """Beneath the open blocks, this one decides what passes the wire and the proxies."""
        with self._lock:
            self._beneath = gate
            self._apply()

    @contextmanager
    def block(self, *faults: object) -> Iterator[Block]:
        """Let `faults` loose on what passes the wire and the proxies in the block; afterwards nothing of them is left.

        An inner block adds to the outer one's; its latency replaces the outer one's. Raises UsageError for what is no
        fault, and at the end where a fault struck nothing, unless the block raises something itself.
        """
        block = self._enter(faults)
        try:
            yield block
        finally:
            self._leave(block)
        missed = block.missed()
        if missed is not None:
            raise UsageError(
                f"A fault of parity_faults struck nothing: {missed}.",
                fix="put the calls that are to meet it into the block, or take it out",
            )

    def close(self) -> None:
        """End the blocks that nobody has ended."""
        with self._lock:
            for block in tuple(reversed(self._open)):
                self._leave(block)

    def _enter(self, faults: tuple[object, ...]) -> Block:
        latencies = [fault for fault in faults if isinstance(fault, Latency)]
        for fault in faults:
            if not isinstance(fault, Latency):
                _check(fault)
        if not faults or len(latencies) > 1:
            raise UsageError(
                f"parity_faults() has {'no fault' if not faults else f'{len(latencies)} latencies'}.",
                fix="with parity_faults(Latency(ms=0.5), ResetPeer(trip=3)): …",
            )
        kinds = tuple(fault for fault in faults if isinstance(fault, Kind) and not isinstance(fault, Latency))
        latency = latencies[0].sampler(self._seed) if latencies else None
        wire, relays = self._wire, self._relays
        with self._lock:
            self._notice()
            if not self._open:
                self._latencies = wire.latency, relays.latency
            block = Block(kinds, latency, wire.standing)
            self._open.append(block)
            self._apply()
        return block

    def _leave(self, block: Block) -> None:
        wire, relays = self._wire, self._relays
        with self._lock:
            if block not in self._open:
                return
            self._notice()
            at = self._open.index(block)
            del self._open[at]
            if block.kinds:
                wire.lift()
                # What lasts was of the blocks that began later as well.
                for later in self._open[at:]:
                    later.standing = block.standing
                wire.standing = block.standing
            self._apply()
            if block.kinds:
                relays.lift()
                self._shut()

    def _notice(self) -> None:
        """Were all faults lifted since?"""
        if self._wire.gate is not self._applied:
            self._beneath = None

    def _apply(self) -> None:
        inward = tuple(reversed(self._open))
        striking = tuple(block for block in inward if block.kinds)
        latency = next((block.latency for block in inward if block.latency is not None), None)
        wire, relays = self._wire, self._relays
        self._applied = _Blocks(striking, self._beneath) if striking else self._beneath
        wire.gate = relays.gate = self._applied
        if self._open or self._delayed:
            wire.latency, relays.latency = (latency, latency) if latency is not None else self._latencies
        self._delayed = latency is not None
        self._shut()

    def _shut(self) -> None:
        if any(block.shuts for block in self._open):
            self._wire.refuse()
            self._relays.refuse()


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
