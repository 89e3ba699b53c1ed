"""`prodparity drift --cassettes`: recorded HTTP flows against the vendor's specification and the live API."""

from __future__ import annotations

import json
import os
import re
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from ..core.errors import UsageError
from ..core.suggest import closest
from ..recordings.difference import Difference, Severity
from ..recordings.drift import Outcome, compare
from ..recordings.openapi.document import SpecError
from ..recordings.openapi.routes import host_of
from ..recordings.openapi.spec import Spec
from ..recordings.reading import Recorded, find, folders

_CREDENTIAL = re.compile(r"auth|token|key|secret|cookie|session|passw|credential", re.IGNORECASE)
_VARIABLE = re.compile(r"\{([A-Za-z_]\w*)\}")
_STYLES = {Severity.FAIL: "red", Severity.WARN: "yellow", Severity.INFORM: "cyan"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The command's arguments, as typed."""

    paths: tuple[Path, ...]
    openapi: tuple[Path, ...]
    servers: tuple[str, ...]
    live: bool
    headers: tuple[str, ...]
    query: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """Both comparisons; `live` is None where it was not asked for."""

    cassettes: tuple[Recorded, ...]
    specs: tuple[Spec, ...]
    recorded: Outcome
    live: Outcome | None

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Of both."""
        return (*self.recorded.differences, *(self.live.differences if self.live else ()))

    @property
    def untold(self) -> tuple[tuple[str, int], ...]:
        """Of both."""
        return (*self.recorded.untold, *(self.live.untold if self.live else ()))

    def fails(self, lowest: str) -> bool:
        """One difference at least is as bad."""
        return any(one.severity >= Severity[lowest.upper()] for one in self.differences)


def compared(asked: Asked) -> Compared:
    """Read everything, and compare."""
    _checked(asked)
    cassettes = _of_hosts(_cassettes(asked.paths), asked.hosts)
    specs = tuple(Spec.load(path, servers=asked.servers) for path in asked.openapi)
    now = datetime.now(UTC)
    recorded = compare(cassettes, specs=specs, now=now)
    if specs and not recorded.judged and recorded.interactions:
        raise _about_others(specs, cassettes)
    live = None
    if asked.live:
        from ..recordings import live as again

        _one_host(asked, cassettes)
        access = again.Access(headers=_given(asked.headers, "--header", ":"), query=_given(asked.query, "--query", "="))
        live = again.compare(cassettes, access=access, now=now)
    return Compared(cassettes=tuple(cassettes), specs=specs, recorded=recorded, live=live)


def _checked(asked: Asked) -> None:
    if asked.servers and not asked.openapi:
        raise UsageError("--server is about --openapi, and there is none.", fix="add --openapi FILE")
    for url in asked.servers:
        if not re.match(r"https?://[^/]", url):
            raise UsageError(f"--server: {url!r} is no base URL.", fix="--server https://sandbox.example.com/v1")
    if (asked.headers or asked.query) and not asked.live:
        raise UsageError("--header and --query are about --live; nothing is sent without it.", fix="add --live")
    if asked.live and any(name in os.environ for name in ("PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER")):
        raise UsageError("--live in a test: a test run never connects to production.", fix="prodparity drift --cassettes --live, in a job of its own")  # fmt: skip


def _cassettes(paths: Sequence[Path]) -> list[Recorded]:
    if paths:
        return find(paths)
    found = folders(Path.cwd())
    if not found:
        raise UsageError("There is no folder named 'cassettes' here or below.", fix="prodparity drift --cassettes PATH")
    return find([path.relative_to(Path.cwd()) for path in found])


def _of_hosts(cassettes: list[Recorded], hosts: tuple[str, ...]) -> list[Recorded]:
    if not hosts:
        return cassettes
    there = sorted({host_of(exchange.request.url) for one in cassettes for exchange in one.exchanges})
    for host in hosts:
        if host.lower() not in there:
            raise UsageError(f"--host: no cassette has an interaction with {host!r}{closest(host, there)}.", fix=f"one of {', '.join(there)}")  # fmt: skip
    wanted = {host.lower() for host in hosts}
    kept = [replace(one, exchanges=tuple(exchange for exchange in one.exchanges if host_of(exchange.request.url) in wanted)) for one in cassettes]  # fmt: skip
    return [one for one in kept if one.exchanges]


def _about_others(specs: Sequence[Spec], cassettes: Sequence[Recorded]) -> UsageError:
    hosts = sorted({host_of(exchange.request.url) for one in cassettes for exchange in one.exchanges})
    files = ", ".join(spec.path.name for spec in specs)
    servers = ", ".join(server.url for spec in specs for server in spec.servers)
    return SpecError(
        f"No interaction is with an API that {files} describes: its servers are {servers}.",
        tried=f"The cassettes are of {', '.join(hosts)}.",
        fix=f"--server https://{hosts[0]}/… if it is the same API, or the other vendor's file",
    )


def _one_host(asked: Asked, cassettes: Sequence[Recorded]) -> None:
    hosts = sorted({host_of(exchange.request.url) for one in cassettes for exchange in one.exchanges})
    if len(hosts) > 1 and (asked.headers or asked.query):
        raise UsageError(f"A credential would go to {len(hosts)} hosts: {', '.join(hosts)}.", fix=f"--host {hosts[0]}")


def _given(said: tuple[str, ...], option: str, mark: str) -> tuple[tuple[str, str], ...]:
    """Names and values, the variables filled in from the environment."""
    found = []
    for text in said:
        name, parted, template = (part.strip() for part in text.partition(mark))
        if not parted or not re.match(r"[\w.\[\]-]+$", name):
            example = "--header 'Authorization: Bearer {ACME_TOKEN}'" if mark == ":" else "--query 'api_key={ACME_KEY}'"
            raise UsageError(f"{option}: there is no name and {mark!r} at its beginning.", fix=example)
        if _CREDENTIAL.search(name) and not _VARIABLE.search(template):
            raise UsageError(
                f"{option}: the value of {name} stands on the command line, where others can read it.",
                fix=f"put it into an environment variable and name that: {option} '{name}{mark}{{ACME_TOKEN}}'",
            )
        found.append((name, _filled(template, option)))
    return tuple(found)


def _filled(template: str, option: str) -> str:
    def filled(met: re.Match[str]) -> str:
        text = os.environ.get(met[1], "")
        if not text:
            raise UsageError(f"{option}: the environment variable {met[1]} is not set.", fix=f"export {met[1]}=…")
        if not text.isprintable():
            raise UsageError(f"{option}: the environment variable {met[1]} has a line break or another unprintable character.", fix=f"export {met[1]}=… without it")  # fmt: skip
        return text

    return _VARIABLE.sub(filled, template)


def printed(outcome: Compared, *, form: str, verbose: bool) -> None:
    """On standard output."""
    if form == "json":
        click.echo(json.dumps(_json(outcome), indent=1, ensure_ascii=False))
        return
    click.echo(click.style(_headline(outcome), bold=True))
    shown = [one for one in outcome.differences if verbose or one.severity > Severity.INFORM]
    operation = None
    for one in sorted(shown, key=lambda one: one.operation):
        if one.operation != operation:
            operation = one.operation
            click.echo(f"\n{operation}")
        _line(one)
    if verbose and outcome.untold:
        click.echo("\nnot judged:")
        for reason, count in outcome.untold:
            click.echo(f"  {count:,} × {reason}")
    click.echo(f"\n{_summary(outcome, verbose=verbose)}")


def _headline(outcome: Compared) -> str:
    recorded = outcome.recorded
    parts = [f"API drift: {recorded.interactions:,} interactions in {len(outcome.cassettes):,} cassettes"]
    parts += [
        f"{spec.path.name} ({' '.join(part for part in (spec.title, spec.version) if part)})" for spec in outcome.specs
    ]
    if outcome.specs:
        parts.append(f"{recorded.judged:,} judged by it")
    if outcome.live is not None:
        parts.append(f"{outcome.live.judged:,} compared live")
    if not outcome.specs and outcome.live is None:
        parts.append("headers only; --openapi FILE and --live compare more")
    return " · ".join(parts)


def _line(one: Difference) -> None:
    label = click.style(f"{one.severity!s:<6}", fg=_STYLES[one.severity])
    width = min(140, shutil.get_terminal_size().columns)
    told = f"{one.where or 'the operation'} {one.told}"
    rest = textwrap.wrap(told, max(30, width - 9)) or [""]
    click.echo(f"  {label} {rest[0]}")
    for more in rest[1:]:
        click.echo(f"         {more}")
    if one.successor:
        see = one.successor.startswith("see ")
        click.echo(f"         {one.successor}" if see else f"         use instead: {one.successor}")
    times = f", {one.times:,} times" if one.times > 1 else ""
    source = f" · {one.source}" if one.source else ""
    click.echo(click.style(f"         {one.cassette} interaction {one.number}{times}{source}", dim=True))


def _summary(outcome: Compared, *, verbose: bool) -> str:
    counts = {severity: sum(1 for one in outcome.differences if one.severity is severity) for severity in Severity}
    text = f"{counts[Severity.FAIL]} fail, {counts[Severity.WARN]} warn, {counts[Severity.INFORM]} inform"
    untold = sum(count for _, count in outcome.untold)
    if untold:
        text += f" · {untold:,} not judged"
    if not verbose and (untold or counts[Severity.INFORM]):
        text += " (-v shows them)"
    return text


def _json(outcome: Compared) -> dict[str, object]:
    return {
        "format": 1,
        "cassettes": [str(one.path) for one in outcome.cassettes],
        "specifications": [{"file": str(spec.path), "title": spec.title, "version": spec.version} for spec in outcome.specs],
        "interactions": outcome.recorded.interactions,
        "judged": outcome.recorded.judged,
        "judged_live": outcome.live.judged if outcome.live is not None else None,
        "differences": [one.to_json() for one in outcome.differences],
        "not_judged": [{"reason": reason, "count": count} for reason, count in outcome.untold],
    }  # fmt: skip
