"""While the guard is up, what production does not have does not exist: for Python, for C, for subprocesses, for files."""

from __future__ import annotations

import ctypes
import getpass
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_prodparity.environment.guard import Guard
from pytest_prodparity.environment.judge import judged
from pytest_prodparity.environment.manifest import Manifest, Variable

Make = Callable[..., Guard]


@pytest.fixture
def guard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A guard that stands over a manifest with DECLARED; LAPTOP_ONLY is set outside."""
    monkeypatch.setenv("LAPTOP_ONLY", "laptop")
    monkeypatch.setenv("DECLARED", "here")
    made: list[Guard] = []

    def make(**parts: object) -> Guard:
        variables = {"DECLARED": Variable(), **{name: Variable() for name in parts.pop("names", ())}}  # type: ignore[attr-defined]
        guard = Guard(manifest=Manifest(variables=variables, **parts), root=tmp_path)  # type: ignore[arg-type]
        guard.stand()
        made.append(guard)
        return guard

    yield make
    for one in made:
        one.leave()
    assert os.environ["LAPTOP_ONLY"] == "laptop"
    assert type(os.environ) is os._Environ


def user_code(guard: Guard, text: str, name: str = "app.py") -> dict[str, object]:
    """Run as a file of the project."""
    path = guard.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    space: dict[str, object] = {"__name__": "app"}
    exec(compile(text, str(path), "exec"), space)
    return space


def seen_by_c(name: str) -> bytes | None:
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    found = libc.getenv(name.encode())
    return found if found is None else bytes(found)


def test_python_c_and_subprocesses_see_what_production_has_alone(guard: Make) -> None:
    one = guard()
    assert "LAPTOP_ONLY" not in os.environ
    assert os.getenv("LAPTOP_ONLY") is None
    assert b"LAPTOP_ONLY" not in os.environb
    assert "LAPTOP_ONLY" not in dict(os.environ)
    assert seen_by_c("LAPTOP_ONLY") is None
    assert seen_by_c("DECLARED") == b"here"
    command = [sys.executable, "-c", "import os; print(os.environ.get('LAPTOP_ONLY'), os.environ['DECLARED'])"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "None here\n"
    one.down()
    assert os.environ["LAPTOP_ONLY"] == "laptop"
    assert seen_by_c("LAPTOP_ONLY") == b"laptop"
    one.up()
    assert seen_by_c("LAPTOP_ONLY") is None


def test_what_the_machine_and_the_runner_need_stays(guard: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER", "me")
    monkeypatch.setenv("CI", "1")
    guard()
    assert {"PATH", "HOME", "CI", "USER", "PYTEST_CURRENT_TEST"} <= set(os.environ)


def test_a_manifest_of_a_running_process_knows_that_production_has_no_user(
    guard: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "me")
    monkeypatch.setenv("LANG", "C.UTF-8")
    guard(complete=True)
    assert {"USER", "LANG"} & set(os.environ) == set()
    assert getpass.getuser()


def test_a_line_that_goes_on_with_none_is_a_finding_and_one_that_asks_is_not(guard: Make) -> None:
    one = guard()
    user_code(
        one,
        "import os\n"
        "url = 'https://' + str(os.environ.get('LAPTOP_ONLY'))\n"
        "region = os.environ.get('LAPTOP_ONLY', 'eu')\n"
        "region = os.environ.get('LAPTOP_ONLY') or 'eu'\n"
        "if os.getenv('LAPTOP_ONLY'): pass\n"
        "token = os.getenv('LAPTOP_ONLY')\n"
        "if token is None: token = 'x'\n"
        "try: os.environ['LAPTOP_ONLY']\n"
        "except KeyError: pass\n"
        "os.environ.get('NOWHERE')\n",
    )
    found = judged(one, one.taken(), test="t", failure=None)
    assert [(each.subject, str(each.source)) for each in found] == [("LAPTOP_ONLY", "app.py:2")]
    assert found[0].title == "goes on with None for LAPTOP_ONLY, which production does not have"
    assert found[0].production == "environment.toml has no LAPTOP_ONLY; it is set here, and hidden from this test"


def test_of_a_test_that_fails_each_read_may_be_the_reason(guard: Make) -> None:
    one = guard()
    text = (
        "import os\nregion = os.environ.get('LAPTOP_ONLY', 'eu')\ntry: os.environ['NOWHERE']\nexcept KeyError: pass\n"
    )
    user_code(one, text)
    reads = one.taken()
    found = judged(one, reads, test="t", failure="AssertionError: assert 'eu' == 'us'")
    assert [str(each.source) for each in found] == ["app.py:2"]
    found = judged(one, reads, test="t", failure="KeyError: 'NOWHERE'")
    assert {each.subject for each in found} == {"LAPTOP_ONLY", "NOWHERE"}
    assert [each.production for each in found if each.subject == "NOWHERE"] == [
        "environment.toml has no NOWHERE; nothing sets it here either"
    ]


def test_a_word_in_a_failed_assertion_is_not_taken_for_a_name(guard: Make) -> None:
    from pytest_prodparity.core.findings import Source

    one, lines = guard(), [Source(path="app.py", line=1)]
    assert judged(one, [], test="t", failure="AssertionError: assert 'LAPTOP_ONLY' == 'x'", lines=lines) == []
    assert judged(one, [], test="t", failure="RuntimeError: LAPTOP_ONLY is not set", lines=lines) != []


def test_code_that_asks_whether_it_is_tested_is_found(guard: Make) -> None:
    one = guard()
    user_code(one, "import os\nif 'PYTEST_CURRENT_TEST' in os.environ: pass\n")
    found = judged(one, one.taken(), test="t", failure=None)
    assert [each.title for each in found] == ["asks whether a test runs, by PYTEST_CURRENT_TEST"]


@pytest.mark.parametrize("name", ["conftest.py", "tests/test_it.py"])
def test_the_tests_own_lines_are_not_accused(guard: Make, name: str) -> None:
    one = guard()
    user_code(one, "import os\nos.environ.get('LAPTOP_ONLY').__class__\n", name)
    assert judged(one, one.taken(), test="t", failure=None) == []


def test_what_libraries_read_for_themselves_is_not_accused(guard: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    one = guard()
    user_code(one, "import urllib.request, tempfile\nurllib.request.getproxies()\ntempfile.gettempdir()\n")
    assert "HTTPS_PROXY" in one.hidden
    assert judged(one, one.taken(), test="t", failure="AssertionError") == []


def test_what_the_program_sets_is_its_own_and_what_a_plugin_sets_is_hidden(guard: Make) -> None:
    one = guard()
    user_code(one, "import os\nos.environ['OWN'] = '1'\nos.environ.setdefault('OTHER', '2')\n")
    exec(compile("import os\nos.environ['BY_PLUGIN'] = '1'", "/x/site-packages/pytest_env/plugin.py", "exec"), {})
    one.up()
    assert (os.environ.pop("OWN"), os.environ.pop("OTHER")) == ("1", "2")
    assert "BY_PLUGIN" not in os.environ
    assert one.meddled == {"BY_PLUGIN"}
    one.down()
    assert os.environ.pop("BY_PLUGIN") == "1"


def test_what_is_declared_and_read_by_nobody_is_known(guard: Make) -> None:
    one = guard(names=("NEVER", "PGHOST"))
    user_code(one, "import os\nos.environ['DECLARED']\n")
    assert one.unread(one.used) == ["NEVER"]
    assert not one.all_used
    user_code(one, "import os\ndict(os.environ)\n")
    assert one.all_used


DOTENV = "LAPTOP_ONLY=from file\nFILE_ONLY=1\nDECLARED=from file\n"

LIBRARIES = {
    "python-dotenv": "from dotenv import load_dotenv, dotenv_values\nload_dotenv(path, override=True)\n"
    "import os\nseen = {**dotenv_values(path), **os.environ}\n",
    "decouple": "import decouple\nconfig = decouple.Config(decouple.RepositoryEnv(path))\n"
    "seen = {n: config(n, default=None) for n in ('LAPTOP_ONLY', 'FILE_ONLY', 'DECLARED')}\n"
    "seen = {n: v for n, v in seen.items() if v is not None}\n",
    "environs": "import environs\nenv = environs.Env()\nenv.read_env(path)\n"
    "seen = {n: env.str(n, None) for n in ('LAPTOP_ONLY', 'FILE_ONLY', 'DECLARED')}\n"
    "seen = {n: v for n, v in seen.items() if v is not None}\n",
    "django-environ": "import environ\nenv = environ.Env()\nenviron.Env.read_env(path)\n"
    "seen = {n: env.str(n, default=None) for n in ('LAPTOP_ONLY', 'FILE_ONLY', 'DECLARED')}\n"
    "seen = {n: v for n, v in seen.items() if v is not None}\n",
    "pydantic-settings": "from pydantic_settings import BaseSettings\n"
    "class Settings(BaseSettings):\n"
    "    LAPTOP_ONLY: str | None = None\n    FILE_ONLY: str | None = None\n    DECLARED: str | None = None\n"
    "    model_config = {'env_file': path, 'extra': 'ignore'}\n"
    "seen = {n: v for n, v in Settings().model_dump().items() if v is not None}\n",
}


@pytest.mark.parametrize("library", LIBRARIES)
def test_undeclared_names_are_invisible_to_the_libraries_that_read_settings(guard: Make, library: str) -> None:
    one = guard()
    (one.root / ".env").write_text(DOTENV)
    space = user_code(one, f"path = {str(one.root / '.env')!r}\n{LIBRARIES[library]}")
    seen = space["seen"]
    assert isinstance(seen, dict)
    assert "LAPTOP_ONLY" not in seen
    assert "FILE_ONLY" not in seen
    assert seen["DECLARED"] in ("here", "from file")
    one.down()
    space = user_code(one, f"path = {str(one.root / '.env')!r}\n{LIBRARIES[library]}", "outside.py")
    assert set(space["seen"]) >= {"LAPTOP_ONLY", "DECLARED"}  # type: ignore[call-overload]
    os.environ.pop("FILE_ONLY", None)
    os.environ["LAPTOP_ONLY"] = "laptop"


def test_what_pydantic_misses_is_named_with_the_line(guard: Make) -> None:
    one = guard()
    text = "from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    laptop_only: str\nS()\n"
    with pytest.raises(Exception, match="Field required") as failure:
        user_code(one, text)
    from pytest_prodparity.core.findings import Source

    lines = [Source(path="app.py", line=4)]
    found = judged(one, one.taken(), test="t", failure=str(failure.value), lines=lines)
    assert [(each.subject, str(each.source)) for each in found] == [("LAPTOP_ONLY", "app.py:4")]


def test_libpq_and_openssl_see_what_production_has_alone(guard: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    import psycopg

    monkeypatch.setenv("PGUSER", "laptop")
    monkeypatch.setenv("SSL_CERT_FILE", "/laptop.pem")
    guard()
    defaults = {one.keyword: one.val for one in psycopg.pq.Conninfo.get_defaults()}
    assert defaults[b"user"] != b"laptop"
    assert ssl.get_default_verify_paths().cafile != "/laptop.pem"


def test_time_zone_locale_and_umask_follow_the_manifest(guard: Make, tmp_path: Path) -> None:
    before = time.localtime(0).tm_hour, os.environ.get("TZ")
    one = guard(timezone="Asia/Tokyo", locale="C.UTF-8", umask=0o077)
    assert time.localtime(0).tm_hour == 9
    command = [sys.executable, "-c", "import time; print(time.localtime(0).tm_hour)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "9\n"
    assert os.environ["LANG"] == "C.UTF-8"
    assert one.surroundings.notes == []
    old = one.surroundings.umask()
    assert old is not None
    try:
        (tmp_path / "file").touch()
    finally:
        os.umask(old)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    one.up()
    assert time.localtime(0).tm_hour == 9
    one.down()
    assert (time.localtime(0).tm_hour, os.environ.get("TZ")) == before


def test_what_this_machine_lacks_is_said_and_left_as_it_is(guard: Make) -> None:
    before = time.localtime(0).tm_hour
    one = guard(timezone="Mars/Olympus", locale="xx_YY.UTF-8")
    assert time.localtime(0).tm_hour == before
    assert one.surroundings.notes == [
        "production's time zone is Mars/Olympus, which this machine lacks: tests keep their own (apt-get install tzdata)",
        "production's locale is xx_YY.UTF-8, which this machine lacks: tests keep their own "
        "(localedef or apt-get install locales)",
    ]


def test_a_guard_within_a_guard_leaves_the_outer_one_standing(guard: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    outer = guard()
    inner = guard(names=("X",))
    inner.leave()
    assert "LAPTOP_ONLY" not in os.environ
    user_code(outer, "import os\nstr(os.environ.get('LAPTOP_ONLY'))\n")
    assert [read.name for read in outer.taken()] == ["LAPTOP_ONLY"]
