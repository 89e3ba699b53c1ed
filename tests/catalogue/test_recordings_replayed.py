"""Each client of recorded flows comes to the same on replay as live: what a real provider refuses is a finding, and
nothing else is, whatever library the recording was made with.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recorded import play
from pytest_prodparity.recordings.choices import Choices
from pytest_prodparity.recordings.exchange import Accusation, Verdict
from pytest_prodparity.recordings.flow import Flow
from pytest_prodparity.recordings.ledger import Ledger
from tests.catalogue.recordings.cases import HURRIED, Case, cases, correct, faulty
from tests.catalogue.recordings.passing import time_passes
from tests.provider.running import Provider
from tests.provider.secrets import PUBLIC

pytestmark = HURRIED

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


@pytest.fixture(scope="module")
def cassettes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cassettes")


@pytest.fixture
def environment(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in provider.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


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


@pytest.mark.parametrize("case", [one for one in faulty() if one.name not in NOTED], ids=lambda case: case.name)
@pytest.mark.usefixtures("environment")
def test_what_is_refused_live_is_a_finding_on_replay(case: Case, provider: Provider, cassettes: Path) -> None:
    twin = next(one for one in cases() if one.name == case.twin)
    accusations, unknown, raised = replayed(case, provider, recording(twin, provider, cassettes))
    assert accusations, (unknown, raised)


@pytest.mark.parametrize("name", NOTED)
@pytest.mark.usefixtures("environment")
def test_what_a_recording_cannot_tell_is_said_to_be_not_covered(name: str, provider: Provider, cassettes: Path) -> None:
    case = next(one for one in faulty() if one.name == name)
    twin = next(one for one in cases() if one.name == case.twin)
    flow, raised = run(case, provider, recording(twin, provider, cassettes))
    assert isinstance(flow.judge, Ledger)
    assert (flow.judge.accusations, raised) == ((), "")
    said = [one.ruling.why for one in flow.heard if one.ruling.verdict is Verdict.NOT_COVERED]
    assert said
    assert all(NOTED[name] in why for why in said), said


@pytest.mark.parametrize("case", correct(), ids=lambda case: case.name)
@pytest.mark.usefixtures("environment")
def test_correct_clients_are_not_accused_whoever_recorded(case: Case, provider: Provider, cassettes: Path) -> None:
    came_to = {
        recorder.name: replayed(case, provider, recording(recorder, provider, cassettes))
        for recorder in correct(case.story)
    }
    assert {name: what for name, what in came_to.items() if what != ((), [], "")} == {}


@pytest.mark.usefixtures("environment")
def test_no_secret_of_the_provider_is_in_any_cassette(provider: Provider, cassettes: Path) -> None:
    kept = {name: value for name, value in provider.secrets.items() if name not in PUBLIC}
    for case in correct():
        text = recording(case, provider, cassettes).read_text()
        assert [name for name, value in kept.items() if value in text] == [], case.name
