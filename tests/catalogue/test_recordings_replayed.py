"""Each client of recorded flows comes to the same on replay as live: what a real provider refuses is a finding, and
nothing else is, whatever library the recording was made with.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_prodparity.recordings.exchange import Verdict
from pytest_prodparity.recordings.ledger import Ledger
from tests.catalogue.recordings.cases import HURRIED, Case, cases, correct, faulty
from tests.catalogue.recordings.replaying import NOTED, recording, replayed, run
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
