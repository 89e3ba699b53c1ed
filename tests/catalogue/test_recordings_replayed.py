"""Each client of recorded flows comes to the same on replay as live: what a real provider refuses is a finding, and
nothing else is, whatever library the recording was made with.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recorded import play
from pytest_prodparity.recordings.choices import Choices
from pytest_prodparity.recordings.exchange import Accusation
from pytest_prodparity.recordings.flow import Flow
from pytest_prodparity.recordings.ledger import Ledger
from tests.catalogue.recordings.cases import HURRIED, Case, cases, correct, faulty
from tests.catalogue.recordings.passing import time_passes
from tests.provider.running import Provider
from tests.provider.secrets import PUBLIC

pytestmark = HURRIED


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


def replayed(case: Case, provider: Provider, cassette: Path) -> tuple[tuple[Accusation, ...], list[str], str]:
    """What the client is accused of on replay, what it asked that the recording does not hold, and what it raised."""
    flow = Flow(path=cassette, mode="none", choices=Choices(), play=play)
    raised = ""
    with flow.open(), time_passes():
        try:
            case.load()(provider.base)
        except UsageError:
            raise
        except Exception as error:
            raised = repr(error)
    assert isinstance(flow.judge, Ledger)
    unknown = [f"{one.what}: {one.ruling.why}" for one in flow.heard if one.ruling.response is None]
    return flow.judge.accusations, unknown, raised


@pytest.mark.parametrize("case", faulty(), ids=lambda case: case.name)
@pytest.mark.usefixtures("environment")
def test_what_is_refused_live_is_a_finding_on_replay(case: Case, provider: Provider, cassettes: Path) -> None:
    twin = next(one for one in cases() if one.name == case.twin)
    accusations, unknown, raised = replayed(case, provider, recording(twin, provider, cassettes))
    assert accusations, (unknown, raised)


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
