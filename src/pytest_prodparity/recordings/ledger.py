"""The ledger: remembers what was issued, and decides on replay whether production would have accepted a request."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from . import jwt
from .accusing import Docket, accusation, answer, recorded_accusation
from .clock import Clock
from .credentials import Credential, Live, Purse
from .exchange import Accusation, Exchange, Request, Response, Ruling, Verdict
from .flows import flows
from .flows.rates import Rates
from .judging import Judge, Judged, descends, needed
from .learned import Entry, Use, is_key_set, learn
from .matching import Book, Endpoint, Shape, different
from .parts import Parts, header, speaks_json, take_apart
from .playing import Player
from .refusal import limited

_LEAST_OF_A_SECRET = 4
_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Injected:
    status: int
    retry_after: float | None


class Ledger:
    """`environment`: the variables into which replay puts placeholders, so that keys which are never sent are known."""

    def __init__(
        self, exchanges: Sequence[Exchange], *, clock: Clock, environment: Mapping[str, str] | None = None
    ) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._entries, self._known = learn(exchanges, environment or {})
        self._book = Book(self._entries, self._known)
        self._purse = Purse()
        self._judge = Judge(self._purse, clock, flows())
        self._judge.learn(self._entries)
        verified = any(is_key_set(entry.exchange.response) for entry in self._entries)
        secrets = [one.value for one in self._known if one.outside and "secret" in one.kind.lower()]
        self._player = Player(self._purse, clock, jwt.Mint(verified=verified, secrets=secrets))
        self._rates = Rates(clock)
        self._docket = Docket()
        self._injected: list[_Injected] = []
        self._again: dict[Hashable, Ruling] = {}
        self._given = False

    def ask(self, request: Request) -> Ruling:
        """The answer to a request, and whether production would have given it. May be asked by many threads at once."""
        parts = take_apart(request)
        with self._lock:
            self._give()
            return self._rule(parts)

    def expire(self, what: str | None = None) -> None:
        """End the lifetime of a credential, by its name or kind; without one, of all that gives access."""
        with self._lock:
            self._give()
            self._purse.end(what, "expired", "the test has ended its lifetime")

    def revoke(self, what: str | None = None) -> None:
        """Revoke a credential, by its name or kind; without one, all that was issued, refresh tokens too."""
        with self._lock:
            self._give()
            self._purse.end(what, "revoked", "the test has revoked it")

    def answer(self, status: int, *, retry_after: float | None = None, times: int = 1) -> None:
        """Give this to the next request, or the next `times`."""
        with self._lock:
            self._injected += [_Injected(status=status, retry_after=retry_after)] * times

    @property
    def accusations(self) -> tuple[Accusation, ...]:
        """What is held against the code now: what it was refused and has not done right since."""
        with self._lock:
            return self._docket.accusations

    @property
    def unplayed(self) -> tuple[Exchange, ...]:
        """Recorded and never asked for; probes and refusals, and tokens that this run had no need of, are left out."""
        with self._lock:
            return tuple(
                entry.exchange
                for entry in self._entries
                if not (entry.plays or entry.exchange.probe or entry.refusal or entry.waiting)
                and not (entry.grant and any(other.plays for other in self._entries if other.grant))
            )

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """All that the recording knows, in the order in which they came up."""
        with self._lock:
            return tuple(
                Credential(
                    name=one.name,
                    kind=one.kind,
                    issued_by=one.issuers[0] if one.issuers else None,
                    given_by=one.given_by,
                    used_by=tuple(one.used_by),
                    expires_at=None if (live := self._purse.last(one)) is None else live.expires_at,
                )
                for one in self._known
                if one.used_by or one.issuers
            )

    def _give(self) -> None:
        """What comes from outside is there from the first question on."""
        if self._given:
            return
        self._given = True
        for one in self._known:
            if one.outside:
                token = jwt.read(one.value)
                until = token.when("exp") if token is not None and self.clock.anchor is not None else None
                self._player.give(one, until, token.scope if token is not None else None)

    def _rule(self, parts: Parts) -> Ruling:
        address, endpoint = self._book.at(parts, self._purse.values())
        name = " ".join(address)
        if self._injected:
            return self._inject(parts, name)
        if endpoint is None or not endpoint.entries:
            return Ruling(verdict=Verdict.NOT_COVERED, response=None, why=f"{parts.endpoint} is not in the recording")
        early = self._rates.early(name)
        if early is not None:
            return self._too_early(parts, name, *early)
        shape, fits, swaps = self._book.fits(endpoint, parts)
        fits = fits or self._descended(parts, endpoint)
        key = (address, "token" if fits and fits[0].grant not in ("", "start") else shape)
        if not fits:
            return self._unmatched(parts, endpoint, key)
        memo = self._repeated_key(parts, key)
        if memo in self._again:
            return self._again[memo]
        ruling = self._choose(parts, endpoint, shape, fits, swaps, key)
        if memo is not None and ruling.verdict is Verdict.ACCEPT:
            self._again[memo] = ruling
        return ruling

    def _choose(
        self, parts: Parts, endpoint: Endpoint, shape: Shape, fits: list[Entry], swaps: Mapping[str, str], key: Hashable
    ) -> Ruling:
        first = endpoint.started.get(shape, 0)
        while first < len(fits) and fits[first].plays:
            first += 1
        endpoint.started[shape] = first
        unchecked = any(probe.exchange.probe == "corrupt" and not probe.refusal for probe in endpoint.probes)
        good: Judged | None = None
        bad: list[Judged] = []
        for entry in fits[first:]:
            if entry.plays:
                continue
            judged = self._held(entry, parts, endpoint, unchecked=unchecked)
            if judged.exact:
                return self._play(judged, parts, swaps, key, fits)
            if entry.refusal:
                continue
            if judged.wrong:
                bad.append(judged)
            elif good is None or (good.fault is not None and judged.fault is None):
                good = judged
        if good is not None:
            return self._play(good, parts, swaps, key, fits)
        return self._once_more(parts, endpoint, fits, bad, swaps, key, unchecked=unchecked)

    def _once_more(
        self,
        parts: Parts,
        endpoint: Endpoint,
        fits: list[Entry],
        bad: list[Judged],
        swaps: Mapping[str, str],
        key: Hashable,
        *,
        unchecked: bool,
    ) -> Ruling:
        """No exchange that has not been played fits: one is played again, or the request is refused."""
        played = [entry for entry in fits if entry.plays and not entry.refusal]
        again = [self._held(entry, parts, endpoint, unchecked=unchecked) for entry in played]
        fine = sorted((one for one in again if not one.wrong), key=lambda one: (one.exact, one.entry.number))
        for judged in reversed(fine):
            entry = judged.entry
            polled = parts.method in _SAFE and len([e for e in fits if not e.refusal]) > 1
            if entry.repeats or entry.waiting or (polled and entry is played[-1]):
                return self._play(judged, parts, swaps, key, fits)
        if fine:
            times = f"recorded {len(played)} time{'s' if len(played) > 1 else ''}, and asked once more"
            return Ruling(verdict=Verdict.NOT_COVERED, response=None, why=f"{parts.endpoint} was {times}")
        refused = next(
            (one for one in fits if one.plays and one.refusal and self._held(one, parts, endpoint).exact), None
        )
        if refused is not None and refused.exchange.response.status != 429:
            return self._play(self._held(refused, parts, endpoint), parts, swaps, key, fits)
        judged_all = bad + [one for one in again if one.wrong]
        if judged_all:
            return self._refuse(judged_all, parts, endpoint, key)
        why = f"{parts.endpoint} was recorded with another credential only, and refused with it"
        return Ruling(verdict=Verdict.NOT_COVERED, response=None, why=why)

    def _held(self, entry: Entry, parts: Parts, endpoint: Endpoint, *, unchecked: bool = False) -> Judged:
        judged = self._judge.of(entry, parts, endpoint.entries, unchecked=unchecked)
        fault = judged.fault
        if fault is None or fault.what not in ("missing", "elsewhere"):
            return judged
        open_ = any(probe.exchange.probe == "without" and not probe.refusal for probe in endpoint.probes)
        bare = [one for one in endpoint.entries if not one.refusal and not needed(one) and not one.grant]
        if open_ or (bare and entry.exchange.request.method in _SAFE):
            if open_:
                return replace(judged, fault=None)
            detail = "its recorded request had a credential, others to this address had none"
            return replace(judged, fault=replace(fault, what="unproven", detail=detail))
        return judged

    def _play(
        self, judged: Judged, parts: Parts, swaps: Mapping[str, str], key: Hashable, fits: Sequence[Entry]
    ) -> Ruling:
        entry, fault = judged.entry, judged.fault
        shown = {**self._shown_by(entry, parts), **judged.shown}
        response = self._player.play(entry, parts, shown, swaps)
        if entry.refusal:
            self._rates.told(" ".join(self._book.at(parts, self._purse.values())[0]), response, self.clock.wall())
            went_on = any(other.number > entry.number and not other.refusal for other in fits)
            if went_on and entry.exchange.response.status != 429:
                self._docket.add(recorded_accusation(entry, parts), key, for_good=False)
            return Ruling(verdict=Verdict.REFUSE, response=response, played=entry.exchange, why="refused as recorded")
        if entry.waiting:
            if any(other.number > entry.number and not other.waiting and not other.refusal for other in fits):
                self._docket.add(recorded_accusation(entry, parts), key, for_good=False)
            return Ruling(
                verdict=Verdict.ACCEPT, response=response, played=entry.exchange, why="as recorded: come again"
            )
        self._docket.recovered(key)
        if fault is not None:
            why = f"{parts.endpoint}: {fault.detail}"
            return Ruling(verdict=Verdict.NOT_COVERED, response=response, played=entry.exchange, why=why)
        descended = descends(entry, parts)
        if descended:
            why = "made after RFC 6749, 6: the token was issued, its refresh was not recorded"
            return Ruling(verdict=Verdict.ACCEPT, response=response, played=entry.exchange, made=True, why=why)
        why = (
            "as recorded"
            if entry.plays == 1
            else "as recorded, issued anew"
            if entry.issues
            else "as recorded, once more"
        )
        return Ruling(verdict=Verdict.ACCEPT, response=response, played=entry.exchange, why=why)

    def _shown_by(self, entry: Entry, parts: Parts) -> Mapping[Use, Live]:
        found: dict[Use, Live] = {}
        for use in entry.uses:
            value = parts.at.get(use.place)
            live = None if value is None else self._purse.find(value)
            if live is not None and live.state_at(self.clock.now()) == "good":
                found[use] = live
        return found

    def _refuse(self, judged: Sequence[Judged], parts: Parts, endpoint: Endpoint, key: Hashable) -> Ruling:
        faulty = [(one.entry, one.fault) for one in judged if one.fault is not None]
        entry, fault = max(faulty, key=lambda pair: Judge.weight(pair[1]))
        held = accusation(fault, parts, self.clock)
        self._docket.add(held, key)
        if fault.what == "spent" and fault.live is not None and fault.error != "slow_down" and entry.grant:
            self._purse.end_family(fault.live.family, f"{fault.live.known.name} was used twice (RFC 9700, 4.14)")
        response, played, why = answer(fault, entry, endpoint, self._entries)
        return Ruling(
            verdict=Verdict.REFUSE,
            response=response,
            played=None if played is None else played.exchange,
            made=played is None,
            why=f"{held.title} ({why})",
            accusation=held,
        )

    def _unmatched(self, parts: Parts, endpoint: Endpoint, key: Hashable) -> Ruling:
        """Nothing recorded is like this; but who is not let in is refused before anything else is looked at."""
        held = [self._held(entry, parts, endpoint) for entry in endpoint.entries if not entry.refusal]
        torn = [one for one in held if one.fault is not None and one.fault.what == "unknown" and self._cut(one, parts)]
        if torn:
            return self._refuse(torn, parts, endpoint, key)
        identity = ("missing", "elsewhere", "unknown", "expired", "revoked", "kind")
        if held and all(
            one.fault is not None
            and one.fault.what in identity
            and one.fault.use is not None
            and one.fault.use.place.where in ("authorization", "basic", "header", "query", "cookie")
            for one in held
        ):
            return self._refuse(held, parts, endpoint, key)
        names = different(parts, endpoint.entries, endpoint.taken)
        why = (
            f"{parts.endpoint} was recorded with other values: {names}"
            if names
            else f"{parts.endpoint} was recorded otherwise"
        )
        return Ruling(verdict=Verdict.NOT_COVERED, response=None, why=why)

    def _cut(self, judged: Judged, parts: Parts) -> bool:
        """A form that was put together without encoding: what is sent ends where the secret has a form's own mark."""
        use = None if judged.fault is None else judged.fault.use
        if use is None or use.place.where not in ("form", "query"):
            return False
        value, live = parts.at.get(use.place, ""), self._purse.last(use.known)
        if live is None or len(value) < _LEAST_OF_A_SECRET or unquote_plus(live.value) == value:
            return False
        rest = [one for one in (live.value, unquote_plus(live.value)) if one != value and one.startswith(value)]
        return any(one[len(value)] in ("&" if use.place.where == "form" else "&#") for one in rest)

    def _descended(self, parts: Parts, endpoint: Endpoint) -> list[Entry]:
        """A refresh that was never recorded: RFC 6749, 6 has it answered as the request that issued the token was."""
        if parts.body("grant_type") != "refresh_token":
            return []
        live = self._purse.find(parts.body("refresh_token") or "")
        return [] if live is None else [entry for entry in endpoint.entries if live.known in entry.issues]

    def _inject(self, parts: Parts, name: str) -> Ruling:
        injected = self._injected.pop(0)
        wants = header(parts.request.headers, "accept") or ""
        json_wanted = "html" not in wants or any(speaks_json(entry.exchange.response) for entry in self._entries)
        response = limited(injected.retry_after, status=injected.status, json_wanted=json_wanted)
        self._rates.told(name, response, self.clock.wall())
        why = f"{injected.status} was asked for by the test"
        return Ruling(verdict=Verdict.REFUSE, response=response, made=True, why=why)

    def _too_early(self, parts: Parts, name: str, left: float, said: Response) -> Ruling:
        title = f"{parts.method} {parts.path} asked {left:.1f} s before its Retry-After was over"
        held = Accusation(
            rule="rate-limit-ignored",
            title=title,
            subject=f"{parts.method} {parts.path}",
            evidence={"request": parts.endpoint, "retry-after": header(said.headers, "retry-after") or ""},
        )
        self._docket.add(held, name)
        response = limited(left, json_wanted=speaks_json(said))
        return Ruling(verdict=Verdict.REFUSE, response=response, made=True, why=f"{title} (RFC 6585)", accusation=held)

    def _repeated_key(self, parts: Parts, key: Hashable) -> Hashable | None:
        """A request that is sent again under its idempotency key gets the answer that it got."""
        for name in ("idempotency-key", "x-idempotency-key"):
            value = header(parts.request.headers, name)
            if value and parts.method not in _SAFE:
                return (key, value)
        return None
