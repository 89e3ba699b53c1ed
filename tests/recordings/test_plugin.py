"""`parity_http` in a test run: recorded once, played ever after, and judged."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.core.settings import resolve
from tests.project import Project, Result
from tests.recordings.service import SECRET, TOKEN, Service, serving

Played = Callable[..., tuple[Project, Result]]
Make = Callable[[Mapping[str, str]], Project]

APP = """\
import os
import requests

def items(url, fresh=True):
    secret = os.environ["CLIENT_SECRET"]
    token = requests.post(f"{url}/token", data={"client_secret": secret}, timeout=5).json()["access_token"]
    answer = requests.get(f"{url}/items", headers={"Authorization": f"Bearer {token}"} if fresh else {}, timeout=5)
    return answer.json()["items"]
"""
TEST = """\
import os
import pytest
import app

pytestmark = pytest.mark.prodparity
URL = os.environ["SERVICE"]

def test_items(parity_http):
    assert app.items(URL) == [1, 2]
"""
KEY = {"CLIENT_SECRET": SECRET}


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Make:
    """Without a profile."""
    folder = tmp_path / "a project"
    folder.mkdir()
    return lambda files: Project(folder, cache).write({"pyproject.toml": "", "app.py": APP, **files})


QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p pytest_prodparity.plugin"}
"""Without the plugins that this environment has besides: half a second a run."""


def at(service: Service, secrets: bool = True) -> dict[str, str]:
    return {"SERVICE": service.url, **QUICK, **(KEY if secrets else {})}


def cassette(project: Project, name: str = "test_it/test_items") -> Path:
    return project.folder / "cassettes" / f"{name}.yaml"


def recorded(project: Make, service: Service, files: Mapping[str, str]) -> Project:
    made = project(files)
    result = made.run("--parity-record=once", environment=at(service))
    assert result.status == 0, result.out
    return made


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One for all, so that what was recorded of it once is played by all."""
    with serving() as service:
        yield service


@pytest.fixture(autouse=True)
def nothing_seen(service: Service) -> None:
    service.seen.clear()


@pytest.fixture(scope="module")
def tape(service: Service, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The cassette of `TEST`."""
    folder = tmp_path_factory.mktemp("tape")
    made = Project(folder, cache).write({"pyproject.toml": "", "app.py": APP, "test_it.py": TEST})
    result = made.run("--parity-record=once", environment=at(service))
    assert result.outcomes == {"passed": 1}, result.out
    return cassette(made).read_text()


@pytest.fixture
def played(project: Make, service: Service, tape: str) -> Played:
    """A project with that cassette, run without the service."""

    def run(*arguments: str, **files: str) -> tuple[Project, Result]:
        named = {
            name.replace("__", "/") + (".toml" if name == "pyproject" else ".py"): text for name, text in files.items()
        }
        made = project({"test_it.py": TEST, "cassettes/test_it/test_items.yaml": tape, **named})
        result = made.run(*arguments, environment=at(service, secrets=False))
        assert service.seen == []
        return made, result

    return run


def test_a_flow_is_recorded_once_and_played_without_the_service(played: Played, tape: str) -> None:
    assert SECRET not in tape
    assert TOKEN not in tape
    for mode in ("none", "once"):
        _, result = played(f"--parity-record={mode}")
        assert result.outcomes == {"passed": 1}, result.out
        assert result.findings == []


def test_a_test_without_a_marker_is_played_and_not_judged(played: Played) -> None:
    _, result = played(test_it=TEST.replace("pytestmark =", "_ ="), app=APP.replace("if fresh", "if not fresh"))
    assert result.outcomes == {"failed": 1}
    assert "KeyError: 'items'" in result.out
    assert result.report is None


def test_a_forgotten_credential_is_found_with_its_line(played: Played) -> None:
    _, result = played(app=APP.replace("if fresh", "if not fresh"))
    assert ("auth-missing", "app.py:7") in result.findings, result.out


SPEC = """\
{
  "openapi": "3.0.3", "info": {"title": "Items", "version": "1"}, "servers": [{"url": "%s"}],
  "paths": {
    "/items": {"get": {"deprecated": true, "x-replaced-by": "GET /v2/items", "responses": {"200": {"description": "all"}}}},
    "/token": {"post": {"responses": {"200": {"description": "a token"}}}}
  }
}
"""


def test_a_deprecated_call_is_found_with_its_line_and_its_successor(played: Played, service: Service) -> None:
    made, result = played(pyproject='[tool.prodparity.http]\nopenapi = ["items.json"]\n')
    assert "items.json does not exist" in result.out
    made.write({"items.json": SPEC % service.url})
    result = made.run(environment=at(service, secrets=False))
    assert result.findings == [("deprecated-api", "app.py:7")], result.out
    assert "call GET /v2/items instead" in result.out


def test_a_request_that_was_not_recorded_is_not_covered(played: Played) -> None:
    more = "    import requests\n    requests.get(URL + '/other?token=abc', timeout=5)\n"
    _, result = played(test_it=TEST + more)
    assert result.outcomes == {"failed": 1}
    assert result.findings == [("not-covered", "test_it.py:11")], result.out
    assert "token=abc" not in json.dumps(result.report)
    assert re.search(r"NotRecorded: GET http://127.0.0.1:\d+/other is not in the recording", result.out)


def test_a_missing_cassette_says_how_to_record_it(project: Make, service: Service) -> None:
    result = project({"test_it.py": TEST}).run(environment=at(service))
    assert "there is no cassette" in result.out
    assert "--parity-record=all" in result.out
    assert result.findings == [("not-covered", "app.py:6")]
    assert service.seen == []


def test_what_is_no_longer_asked_is_a_finding_unless_it_is_allowed(project: Make, service: Service) -> None:
    made = recorded(
        project, service, {"test_it.py": TEST + "    import requests\n    requests.get(URL + '/x', timeout=5)\n"}
    )
    made.write({"test_it.py": TEST})
    result = made.run(environment=at(service, secrets=False))
    assert result.findings == [("not-covered", None)]
    assert "1 of 3 recorded requests were not made: GET http://127.0.0.1" in result.out
    made.write({"test_it.py": TEST.replace("mark.prodparity", "mark.prodparity(allow=['not-covered:unplayed'])")})
    assert made.run(environment=at(service, secrets=False)).outcomes == {"passed": 1}


def test_an_old_cassette_is_a_finding_where_an_age_is_set(project: Make, service: Service, tape: str) -> None:
    old = re.sub(r"recorded_at: '20\d\d", "recorded_at: '2019", tape)
    made = project({"test_it.py": TEST, "cassettes/test_it/test_items.yaml": old})
    assert made.run(environment=at(service, secrets=False)).outcomes == {"passed": 1}
    made.write({"pyproject.toml": "[tool.prodparity.http]\nmax_age = '90 days'\n"})
    result = made.run(environment=at(service, secrets=False))
    assert result.findings == [("not-covered", None)]
    assert re.search(r"the recording is \d+ days old; max_age is 90 days", result.out)


def test_a_cassette_without_its_test_is_noted(played: Played, service: Service, tape: str) -> None:
    made, _ = played()
    made.write({"cassettes/test_it/test_gone.yaml": tape})
    result = made.run(environment=at(service, secrets=False))
    assert "test_it/test_gone.yaml is the cassette of no test any more" in result.out
    result = made.run("-k", "items", environment=at(service, secrets=False))
    assert "test_gone" not in result.out


def test_a_failed_test_records_nothing(project: Make, service: Service) -> None:
    made = project({"test_it.py": TEST + "    assert False\n"})
    result = made.run("--parity-record=once", environment=at(service))
    assert result.outcomes == {"failed": 1}
    assert not cassette(made).exists()


def test_a_secret_that_cannot_be_taken_out_fails_the_test_and_leaves_nothing(project: Make, service: Service) -> None:
    code = (
        TEST
        + "    import gzip, requests\n    requests.post(URL + '/x', data=gzip.compress(os.environ['CLIENT_SECRET'].encode()), timeout=5)\n"
    )
    made = project({"test_it.py": code})
    result = made.run("--parity-record=once", environment=at(service))
    assert result.outcomes == {"passed": 1, "error": 1}, result.out
    assert "was not written: a secret would be in it" in result.out
    assert SECRET not in result.out
    assert list(made.folder.rglob("*test_items*")) == []


def test_undeclared_connections_fail_a_marked_test_and_no_other(project: Make, service: Service) -> None:
    code = """\
import socket
import pytest

def reach():
    try:
        socket.create_connection(("203.0.113.7", 443), timeout=0.01).close()
    except OSError:
        pass

@pytest.mark.prodparity
def test_marked():
    reach()

def test_unmarked():
    reach()

@pytest.mark.prodparity(allow=["network-escape:203.0.113.*"])
def test_allowed():
    reach()
"""
    made = project({"test_it.py": code})
    result = made.run(environment=QUICK)
    assert result.outcomes == {"failed": 1, "passed": 2}, result.out
    assert result.findings == [("network-escape", "test_it.py:6")]
    assert "connects to 203.0.113.7:443, which nobody declared" in result.out
    assert 'hosts = ["203.0.113.7"]' in result.out
    made.write({"pyproject.toml": "[tool.prodparity.http]\nhosts = ['203.0.113.7']\n"})
    assert made.run(environment=QUICK).outcomes == {"passed": 3}
    assert made.run("--parity-level=off", environment=QUICK).outcomes == {"passed": 3}


def test_workers_of_xdist_record_and_play(project: Make, service: Service) -> None:
    tests = TEST + "".join(f"\ndef test_{n}(parity_http):\n    assert app.items(URL) == [1, 2]\n" for n in range(3))
    made = project({"test_it.py": tests})
    result = made.run("--parity-record=once", "-p", "xdist", "-n2", environment=at(service))
    assert result.outcomes == {"passed": 4}, result.out
    assert len(list(made.folder.rglob("*.yaml"))) == 4
    seen = len(service.seen)
    assert made.run("-p", "xdist", "-n2", environment=at(service, secrets=False)).outcomes == {"passed": 4}
    assert len(service.seen) == seen


def test_names_of_classes_and_parameters_make_names_of_files(project: Make, service: Service) -> None:
    code = TEST.replace(
        "def test_items(parity_http):",
        "class TestIt:\n  @pytest.mark.parametrize('n', ['a/b'])\n  def test_items(self, n, parity_http):",
    )
    made = recorded(project, service, {"test_it.py": code})
    assert cassette(made, "test_it/TestIt.test_items[a-b]").exists()


def test_vcr_config_is_honoured(project: Make, service: Service) -> None:
    code = TEST + (
        "    import requests\n    requests.get(URL + '/ignored', timeout=5)\n\n"
        "@pytest.fixture(scope='module')\ndef vcr_config():\n"
        "    def drop(request):\n        return None if request.path == '/ignored' else request\n"
        "    return {'cassette_library_dir': 'tapes', 'before_record_request': drop, 'filter_headers': ['authorization']}\n"
    )
    made = recorded(project, service, {"test_it.py": code})
    assert "/ignored" not in (made.folder / "tapes" / "test_items.yaml").read_text()
    assert "Authorization" in (made.folder / "tapes" / "test_items.yaml").read_text()
    assert made.run(environment=at(service, secrets=False)).outcomes == {"passed": 1}
    assert service.seen.count("GET /ignored") == 2


PLUGIN = """\
def pytest_configure(config):
    config.addinivalue_line("markers", "vcr: theirs")
    class Theirs: pass
    config.pluginmanager.register(Theirs(), "recording")
"""


def test_a_test_with_two_recorders_is_refused(project: Make, service: Service) -> None:
    made = project(
        {"test_it.py": TEST.replace("def test_items", "@pytest.mark.vcr\ndef test_items"), "conftest.py": PLUGIN}
    )
    result = made.run("--parity-record=once", environment=at(service))
    assert result.outcomes == {"error": 1}
    assert "parity_http and @pytest.mark.vcr are both active" in result.out
    assert "To fix: take the marker vcr away" in result.out


def test_the_clock_and_the_ledger_are_at_hand(played: Played) -> None:
    more = (
        "    import requests\n"
        "    assert parity_http.cassette.name == 'test_items.yaml'\n"
        "    assert not parity_http.recording\n"
        "    assert parity_http.played == 2\n"
        "    parity_http.clock.advance(60)\n"
        "    parity_http.answer(503, retry_after=1)\n"
        "    assert requests.post(URL + '/token', data={'client_secret': 'x'}, timeout=5).status_code == 503\n"
        "    parity_http.expire()\n"
        "    parity_http.revoke()\n"
    )
    _, result = played(test_it=TEST + more)
    assert result.outcomes == {"passed": 1}, result.out


def test_the_ledger_while_recording_is_wrong_use(project: Make, service: Service) -> None:
    made = project({"test_it.py": TEST + "    parity_http.expire()\n"})
    result = made.run("--parity-record=once", environment=at(service))
    assert "parity_http.expire is for replay, and this run records." in result.out
    assert "if not parity_http.recording" in result.out


def test_counter_probes_are_asked_of_reads_only(project: Make, service: Service) -> None:
    made = recorded(project, service, {"test_it.py": TEST, "pyproject.toml": "[tool.prodparity.http]\nprobes = true\n"})
    assert service.seen == ["POST /token", "GET /items", "GET /items", "GET /items"]
    text = cassette(made).read_text()
    assert text.count("probe: without") == text.count("probe: corrupt") == 1
    assert text.count("code: 401") == 2
    assert TOKEN not in text
    assert made.run(environment=at(service, secrets=False)).outcomes == {"passed": 1}


def test_a_declared_variable_holds_its_placeholder_before_anything_is_imported(played: Played) -> None:
    early = APP.replace("import requests\n", 'import requests\n\nSECRET = os.environ["CLIENT_SECRET"]\n')
    early = early.replace('secret = os.environ["CLIENT_SECRET"]', "secret = SECRET")
    _, result = played(app=early)
    assert "KeyError: 'CLIENT_SECRET'" in result.out
    _, result = played(app=early, pyproject="[tool.prodparity.http]\nenv = ['CLIENT_SECRET']\n")
    assert result.outcomes == {"passed": 1}, result.out


def test_a_wrong_setting_is_said_before_anything_starts(project: Make, service: Service) -> None:
    table = "[tool.prodparity.http]\nprobe = true\n"
    result = project({"test_it.py": TEST, "pyproject.toml": table}).run(environment=at(service))
    assert result.status == 4, result.out
    assert "unknown key 'probe' (did you mean 'probes'?)" in result.out
    assert service.seen == []


@pytest.mark.parametrize(
    ("flags", "table", "said"),
    [
        ({"record": "some"}, {}, "--parity-record: record mode 'some' does not exist"),
        ({}, {"record": "onse"}, r"record mode 'onse' does not exist \(did you mean 'once'\?\)"),
        ({}, {"http": True}, "http: True is not a table"),
    ],
)
def test_a_wrong_mode_is_said(flags: dict[str, object], table: dict[str, object], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        resolve(tmp_path, flags, {}, table)
