"""Records a correct client of recorded flows against the live provider, and plays any client against that."""

from __future__ import annotations

from pathlib import Path

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recorded import play
from pytest_prodparity.recordings.choices import Choices
from pytest_prodparity.recordings.exchange import Accusation
from pytest_prodparity.recordings.flow import Flow
from pytest_prodparity.recordings.ledger import Ledger
from tests.catalogue.recordings.cases import Case
from tests.catalogue.recordings.passing import time_passes
from tests.provider.running import Provider

NOTED = {
    # Codes live for anything up to ten minutes (RFC 6749, 4.1.2). The recorded one was redeemed at once.
    "authorization-code/faulty_code_too_late": "many servers end it after 60",
    # Most servers ignore the header on a signed link, some refuse it. The recorded request had none.
    "other-origin/faulty_client_with_a_token_for_all": "which some servers refuse",
    "other-origin/faulty_token_to_a_signed_link": "which some servers refuse",
    # OpenID Connect Core, 11, lets a server give out a refresh token without offline_access.
    "refresh/faulty_no_offline_access": "without asking for offline_access",
    # How long an assertion may be good is each server's own (RFC 7523, 3). The recorded one was good for less.
    "robot/faulty_lives_too_long": "servers limit that",
}
"""Faults that no recording of a correct client can prove, and what is said about them instead: words of the ruling."""


def recording(case: Case, provider: Provider, folder: Path) -> Path:
    """The cassette of a correct client, made when it is first needed."""
    path = folder / f"{case.name.replace('/', '-')}.yaml"
    if not path.exists():
        provider.reset()
        flow = Flow(path=path, mode="all", choices=Choices(), play=play)
        with flow.open(), time_passes(provider.advance):
            case.load()(provider.base)
            flow.keep()
    return path


def run(case: Case, provider: Provider, cassette: Path) -> tuple[Flow, str]:
    """A client on replay, and what it raised."""
    flow = Flow(path=cassette, mode="none", choices=Choices(), play=play)
    with flow.open(), time_passes():
        try:
            case.load()(provider.base)
        except UsageError:
            raise
        except Exception as error:
            return flow, repr(error)
    return flow, ""


def replayed(case: Case, provider: Provider, cassette: Path) -> tuple[tuple[Accusation, ...], list[str], str]:
    """What the client is accused of on replay, what it asked that the recording does not hold, and what it raised."""
    flow, raised = run(case, provider, cassette)
    assert isinstance(flow.judge, Ledger)
    unknown = [f"{one.what}: {one.ruling.why}" for one in flow.heard if one.ruling.response is None]
    return flow.judge.accusations, unknown, raised
