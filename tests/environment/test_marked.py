"""Marked tests run in production's environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.project import Project, Result

Make = Callable[[Mapping[str, str]], Project]

LAPTOP = {"LAPTOP_ONLY": "laptop", "REGION": "eu"}

APP = """\
import os

def endpoint():
    return "https://" + str(os.environ.get("LAPTOP_ONLY")) + ".example.com"

def region():
    return os.environ["REGION"]

def strict():
    return os.environ["LAPTOP_ONLY"]

def polite():
    return os.environ.get("LAPTOP_ONLY", "default")
"""

HEAD = "import os, pytest, app\nmarked = pytest.mark.prodparity\n"


def found(result: Result) -> list[tuple[str, str, str | None]]:
    """(rule, subject, "path:line")."""
    assert result.report is not None, result.out
    return [(one["rule"], one["subject"], one["source"]) for one in result.report["findings"]]


def test_an_undeclared_variable_is_gone_for_a_marked_test_and_there_for_another(project: Make) -> None:
    tests = HEAD + (
        "@marked\ndef test_marked():\n    assert 'LAPTOP_ONLY' not in os.environ and app.region() == 'eu'\n"
        "def test_other():\n    assert os.environ['LAPTOP_ONLY'] == 'laptop'\n"
        "@marked\ndef test_again():\n    assert os.getenv('LAPTOP_ONLY') is None and app.polite() == 'default'\n"
    )
    result = project({"app.py": APP, "test_it.py": tests}).run(environment=LAPTOP)
    assert result.outcomes == {"passed": 3}, result.out
    assert found(result) == []


def test_a_read_that_needs_it_is_a_finding_with_its_line(project: Make) -> None:
    tests = HEAD + (
        "@marked\ndef test_none():\n    assert app.endpoint()\n"
        "@marked\ndef test_strict():\n    assert app.strict()\n"
        "@marked\ndef test_default():\n    assert app.polite() == 'laptop'\n"
        "@pytest.fixture\ndef made():\n    return app.strict()\n"
        "@marked\ndef test_fixture(made):\n    pass\n"
        "@pytest.mark.prodparity(allow=['undeclared-env:LAPTOP_*'])\ndef test_allowed():\n    assert app.endpoint()\n"
    )
    result = project({"app.py": APP, "test_it.py": tests}).run(environment=LAPTOP)
    assert result.outcomes == {"passed": 1, "failed": 3, "error": 1}, result.out
    assert found(result) == [
        ("undeclared-env", "LAPTOP_ONLY", "app.py:4"),
        ("undeclared-env", "LAPTOP_ONLY", "app.py:10"),
        ("undeclared-env", "LAPTOP_ONLY", "app.py:13"),
        ("undeclared-env", "LAPTOP_ONLY", "app.py:10"),
    ]
    assert "goes on with None for LAPTOP_ONLY, which production does not have" in result.out
    assert "it is set here, and hidden from this test" in result.out
    assert 'declare it in environment.toml, LAPTOP_ONLY = { kind = "text" }' in " ".join(result.out.split())
    assert "KeyError: 'LAPTOP_ONLY'" in result.out


def test_what_is_read_while_modules_are_imported_is_attributed(project: Make) -> None:
    app = "import os\n\nHOST = 'https://%s' % os.environ.get('LAPTOP_ONLY')\n\ndef host():\n    return HOST\n"
    tests = "import pytest, app\n@pytest.mark.prodparity\ndef test_it():\n    assert app.host()\n"
    conftest = "import app\n"
    for files in ({}, {"conftest.py": conftest}):
        result = project({"app.py": app, "test_it.py": tests, **files}).run(environment=LAPTOP)
        assert found(result) == [("undeclared-env", "LAPTOP_ONLY", "app.py:3")], result.out


def test_a_module_that_cannot_be_imported_without_it_is_explained(project: Make) -> None:
    app = "import os\n\nKEY = os.environ['LAPTOP_ONLY']\n"
    tests = "import pytest, app\n@pytest.mark.prodparity\ndef test_it():\n    pass\n"
    result = project({"app.py": app, "test_it.py": tests}).run(environment=LAPTOP)
    assert result.status == 2, result.out
    assert found(result) == [("undeclared-env", "LAPTOP_ONLY", "app.py:3")]
    assert "needs LAPTOP_ONLY, which production does not have" in result.out


def test_at_level_off_and_with_the_dial_off_nothing_is_hidden(project: Make) -> None:
    tests = HEAD + "@marked\ndef test_it():\n    assert app.strict() == 'laptop' and app.endpoint()\n"
    files = {"app.py": APP, "test_it.py": tests}
    assert project(files).run("--parity-level=off", environment=LAPTOP).outcomes == {"passed": 1}
    off = {**files, "pyproject.toml": "[tool.prodparity.levels.dev]\nenvironment = false\n"}
    assert project(off).run(environment=LAPTOP).outcomes == {"passed": 1}


def test_without_a_manifest_nothing_is_hidden(project: Make) -> None:
    tests = HEAD + "@marked\ndef test_it():\n    assert app.strict() == 'laptop' and app.endpoint()\n"
    one = project({"app.py": APP, "test_it.py": tests})
    (one.folder / "parity" / "environment.toml").unlink()
    (one.folder / "parity").rmdir()
    result = one.run(environment=LAPTOP)
    assert result.outcomes == {"passed": 1}, result.out


def test_a_manifest_alone_is_no_broken_profile(project: Make) -> None:
    tests = HEAD + "@marked\ndef test_it():\n    pass\n"
    result = project({"app.py": APP, "test_it.py": tests, "pyproject.toml": ""}).run(environment=LAPTOP)
    assert result.outcomes == {"passed": 1}, result.out
    assert "no profile in parity/" in result.out


def test_declared_names_have_tests_values_and_others_can_be_kept(project: Make) -> None:
    settings = '[tool.prodparity]\nenv_keep = ["LAPTOP_*"]\n[tool.prodparity.env]\nDATABASE_URL = "{db.url}"\nONLY_TESTS = "1"\n'
    tests = HEAD + (
        "@marked\ndef test_it():\n"
        "    assert os.environ['DATABASE_URL'].startswith('postgresql+psycopg://') and os.environ['ONLY_TESTS'] == '1'\n"
        "    assert app.strict() == 'laptop'\n"
    )
    result = project({"app.py": APP, "test_it.py": tests, "pyproject.toml": settings}).run(environment=LAPTOP)
    assert result.outcomes == {"passed": 1}, result.out
    assert found(result) == []


def test_a_declared_name_without_a_value_for_tests_is_said(project: Make) -> None:
    tests = HEAD + "@marked\ndef test_it():\n    app.region()\n"
    result = project({"app.py": APP, "test_it.py": tests}).run(environment={"REGION": ""})
    assert result.outcomes == {"passed": 1}
    one = project(
        {"app.py": "import os\n\ndef region():\n    return os.environ['DATABASE_URL']\n", "test_it.py": tests}
    )
    result = one.run()
    assert found(result) == []
    assert "production has DATABASE_URL, and the tests have no value for it: [tool.prodparity.env]" in result.out


def test_what_is_declared_and_never_read_is_said_once_a_run(project: Make) -> None:
    tests = HEAD + "@marked\ndef test_it():\n    app.region()\n@marked\ndef test_two():\n    pass\n"
    one = project({"app.py": APP, "test_it.py": tests})
    line = "declared in environment.toml, and read by no test of this run: DATABASE_URL"
    assert one.run(environment=LAPTOP).out.count(line) == 1
    assert one.run("test_it.py::test_two", environment=LAPTOP).out.count(line) == 0


def test_xdists_workers_hide_and_find_the_same(project: Make) -> None:
    tests = HEAD + (
        "@marked\ndef test_one():\n    assert app.endpoint()\n"
        "@marked\ndef test_two():\n    assert app.strict()\n"
        "def test_other():\n    assert os.environ['LAPTOP_ONLY'] == 'laptop'\n"
    )
    result = project({"app.py": APP, "test_it.py": tests}).run("-n2", environment=LAPTOP)
    assert result.outcomes == {"passed": 1, "failed": 2}, result.out
    assert sorted(found(result)) == [
        ("undeclared-env", "LAPTOP_ONLY", "app.py:10"),
        ("undeclared-env", "LAPTOP_ONLY", "app.py:4"),
    ]
    assert result.out.count("declared in environment.toml, and read by no test of this run: DATABASE_URL, REGION") == 1


def test_a_plugin_that_writes_the_environment_is_hidden_and_said(project: Make) -> None:
    plugin = "import os\ndef pytest_configure(config):\n    os.environ['BY_PLUGIN'] = '1'\n"
    tests = HEAD + "@marked\ndef test_it():\n    assert 'BY_PLUGIN' not in os.environ\n"
    one = project({"app.py": APP, "test_it.py": tests, "lib/site-packages/writing_plugin.py": plugin})
    path = str(one.folder / "lib" / "site-packages")
    result = one.run("-p", "writing_plugin", environment={**LAPTOP, "PYTHONPATH": path})
    assert result.outcomes == {"passed": 1}, result.out
    assert "plugins set variables that production does not have" in " ".join(result.out.split())
    assert "BY_PLUGIN" in result.out


def test_a_file_of_variables_on_the_laptop_is_not_productions(project: Make) -> None:
    app = "import os\nfrom dotenv import load_dotenv\nload_dotenv()\n\ndef key():\n    return 'k' + os.environ.get('FILE_ONLY')\n"
    tests = HEAD + "@marked\ndef test_it():\n    assert app.key() == 'k1'\n"
    result = project({"app.py": app, "test_it.py": tests, ".env": "FILE_ONLY=1\nREGION=eu\n"}).run()
    assert result.outcomes == {"failed": 1}, result.out
    assert found(result) == [("undeclared-env", "FILE_ONLY", "app.py:6")]
    assert "FILE_ONLY" in result.out.partition("note: ")[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[variables]\nKEY = "hunter2"\n', "variables.KEY: the manifest holds a value (not shown here)"),
        ("zone = 'UTC'\n", "unknown key 'zone'"),
    ],
)
def test_a_wrong_manifest_is_a_usage_error(project: Make, text: str, message: str) -> None:
    result = project({"test_it.py": "def test_it(): pass\n", "parity/environment.toml": text}).run()
    assert result.status == 4, result.out
    assert message in result.out
    assert "hunter2" not in result.out


def test_time_zone_and_umask_are_productions_in_a_marked_test(project: Make) -> None:
    manifest = 'timezone = "Asia/Tokyo"\numask = "0077"\n'
    tests = (
        "import os, time, pytest\n"
        "@pytest.mark.prodparity\ndef test_it(tmp_path):\n"
        "    assert time.localtime(0).tm_hour == 9\n"
        "    (tmp_path / 'f').touch()\n    assert (tmp_path / 'f').stat().st_mode & 0o777 == 0o600\n"
        "def test_other(tmp_path):\n    assert time.localtime(0).tm_hour == 0\n"
    )
    one = project({"test_it.py": tests, "parity/environment.toml": manifest})
    assert one.run(environment={"TZ": "UTC"}).outcomes == {"passed": 2}
