"""API drift: recorded exchanges against a specification, their own header fields, and the clock.

`deprecated` is asked while a marked test runs, `compare` by `prodparity drift --cassettes`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .announcements import announced
from .difference import Difference, Severity
from .exchange import Accusation, Exchange, Request, Response
from .openapi.compare import Judged, deprecations
from .openapi.compare import compare as against
from .openapi.routes import host_of
from .openapi.spec import Spec
from .reading import Recorded


def deprecated(
    request: Request, response: Response, *, specs: Sequence[Spec] = (), now: float | None = None
) -> Accusation | None:
    """What is wrong with a call that its vendor has deprecated, by the specifications or by the response's own header
    fields. Only what is in force at `now` (seconds since 1970; the present), not what is announced."""
    moment = datetime.now(UTC) if now is None else datetime.fromtimestamp(now, UTC)
    found = [
        *(difference for spec in specs if _is_about(spec, request) for difference in deprecations(spec, request)),
        *announced(request, response, now=moment),
    ]
    worst = next((one for one in found if one.severity is Severity.FAIL and one.rule == "deprecated-api"), None)
    if worst is None:
        return None
    if worst.where:
        title = f"sends {worst.where} to {worst.operation}, which {worst.told}"
    else:
        title = f"calls {worst.operation}, which {worst.told}"
    evidence = {"source": worst.source}
    if worst.successor:
        evidence["successor"] = worst.successor
    return Accusation(
        rule="deprecated-api",
        title=title,
        subject=f"{worst.operation} {worst.where}".strip(),
        evidence=evidence,
    )


def _is_about(spec: Spec, request: Request) -> bool:
    """A specification that names no host is about every host that has one of its paths."""
    return spec.has_host(request.url) or not spec.names_hosts


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a comparison came to."""

    differences: tuple[Difference, ...] = ()
    """Each once, with how often; the worst first."""
    interactions: int = 0
    judged: int = 0
    untold: tuple[tuple[str, int], ...] = ()
    """Why interactions, or parts of them, were not judged, and how many."""

    def count(self, severity: Severity) -> int:
        """How many differences are of it."""
        return sum(1 for one in self.differences if one.severity is severity)

    @property
    def worst(self) -> Severity | None:
        """None where there is no difference."""
        return max((one.severity for one in self.differences), default=None)


class Tally:
    """Gathers differences, the same ones once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str, str], Difference] = {}
        self.untold: Counter[str] = Counter()
        self.interactions = 0
        self.judged = 0

    def add(self, recorded: Path, exchange: Exchange, differences: Sequence[Difference]) -> None:
        """Those of one exchange."""
        for difference in differences:
            known = self._found.get(difference.key)
            if known is None:
                self._found[difference.key] = difference.at(str(recorded), exchange)
            else:
                worse = max(known.severity, difference.severity)
                self._found[difference.key] = replace(known, times=known.times + 1, severity=worse)

    def outcome(self) -> Outcome:
        """All that was gathered."""
        order = sorted(self._found.values(), key=lambda one: (-one.severity, one.operation, one.where, one.kind))
        return Outcome(
            differences=tuple(order),
            interactions=self.interactions,
            judged=self.judged,
            untold=tuple(self.untold.most_common()),
        )


def compare(cassettes: Sequence[Recorded], *, specs: Sequence[Spec] = (), now: datetime) -> Outcome:
    """All exchanges against the specifications that are about their host, and against their own header fields."""
    tally = Tally()
    hosts = [_hosts(spec, cassettes) for spec in specs]
    for recorded in cassettes:
        for exchange in recorded.exchanges:
            tally.interactions += 1
            if exchange.probe:
                tally.untold["a counter-probe, with a bad credential on purpose"] += 1
                continue
            found = announced(exchange.request, exchange.response, now=now)
            about = [spec for spec, own in zip(specs, hosts, strict=True) if _belongs(spec, own, exchange.request)]
            judged = _nearest(about, exchange) if about else None
            if judged is not None:
                tally.judged += 1
                found = [*found, *judged.differences]
                if judged.reason:
                    tally.untold[judged.reason] += 1
            elif specs:
                tally.untold[f"no specification is about {host_of(exchange.request.url)}"] += 1
            tally.add(recorded.path, exchange, found)
    for spec in specs:
        tally.untold.update({f"not followed: {place}": 1 for place in sorted(spec.schemas.unfollowed)})
    return tally.outcome()


def _nearest(about: Sequence[Spec], exchange: Exchange) -> Judged:
    """By the specification that has the operation; else the path; else the first, which says that there is none."""
    url, method = exchange.request.url, exchange.request.method
    paths = [(spec, found) for spec in about if (found := spec.find(url)) is not None]
    whole = [spec for spec, found in paths if spec.operation(found, method) is not None]
    return against((whole or [spec for spec, _ in paths] or list(about))[0], exchange)


def _hosts(spec: Spec, cassettes: Sequence[Recorded]) -> frozenset[str]:
    """The hosts that a specification is about though it names none: those where one of its operations was called."""
    if spec.names_hosts:
        return frozenset()
    asked = {(exchange.request.method, exchange.request.url) for one in cassettes for exchange in one.exchanges}
    return frozenset(
        host_of(url)
        for method, url in asked
        if (found := spec.find(url)) is not None and spec.operation(found, method) is not None
    )


def _belongs(spec: Spec, hosts: frozenset[str], request: Request) -> bool:
    return spec.has_host(request.url) or host_of(request.url) in hosts
