"""The recipes for CI are what their servers take, and their commands do what the page says."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.docs.pages import DOCS, ROOT
from tests.gate.reports import found, run, written
from tests.gate.repository import commit, git

RECIPE = re.compile(r"^<!-- recipe: (?P<name>[\w-]+) -->\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
RECIPES = {found["name"]: found["text"] for found in RECIPE.finditer((DOCS / "how-to/ci.md").read_text("utf-8"))}
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
PYTEST = """\
#!{python}
import os, shutil, sys
os.makedirs(".prodparity", exist_ok=True)
shutil.copy(os.environ["REPORT"], ".prodparity/report.json")
open("junit.xml", "w").write("<testsuites/>")
open("asked", "a").write(" ".join(sys.argv[1:]))
sys.exit(int(os.environ["STATUS"]))
"""
"""In the place of pytest, which has its own tests: it takes note of how it was called, and leaves a report."""


def schema(name: str) -> Any:
    return json.loads(files("check_jsonschema.builtin_schemas.vendor").joinpath(f"{name}.json").read_text("utf-8"))


def bare(data: Any) -> Any:
    """YAML 1.1 takes `on` for a truth; GitHub does not."""
    return {("on" if key is True else key): value for key, value in data.items()}


@pytest.mark.parametrize("name", ["github-workflows", "gitlab-ci"])
def test_a_recipe_is_what_its_server_takes(name: str) -> None:
    jsonschema.validate(bare(yaml.safe_load(RECIPES[name])), schema(name))


def test_the_action_is_what_github_takes() -> None:
    jsonschema.validate(ACTION, schema("github-actions"))
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"], "what a caller gives would be code"


def test_the_workflow_asks_the_action_for_what_it_gives() -> None:
    steps = yaml.safe_load(RECIPES["github-workflows"])["jobs"]["parity"]["steps"]
    called = {step["id"]: step for step in steps if "id" in step}
    assert set(called["parity"].get("with", {})) <= set(ACTION["inputs"])
    asked = set(re.findall(r"steps\.parity\.outputs\.(\w+)", RECIPES["github-workflows"]))
    assert asked == set(ACTION["outputs"])


def commands() -> Iterator[tuple[str, list[str]]]:
    yield "shell", RECIPES["shell"].splitlines()
    yield "gitlab", yaml.safe_load(RECIPES["gitlab-ci"])["parity"]["script"]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A project in a repository, and commands in front of the real ones."""
    for name, status in (("clean", 0), ("found", 1)):
        (tmp_path / name).mkdir()
        written(tmp_path / name, run(*([found()] if status else []), commit=None))
    folder = tmp_path / "project"
    folder.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in (
        ("pytest", PYTEST.format(python=sys.executable)),
        ("pip", "#!/bin/sh\nexit 0\n"),
        ("prodparity", f"#!{sys.executable}\nfrom pytest_prodparity.cli import main\nmain()\n"),
    ):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return folder


def called(
    here: Path, script: str, report: str, *, folder: str = ".", **environment: str
) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(here.parent / "bin"), os.environ["PATH"]])
    mine = {"PATH": path, "REPORT": str(here.parent / report / "report0.json"), "STATUS": str(int(report == "found"))}
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PRODPARITY_", "PYTEST_", "GIT_"))
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=here / folder, env={**kept, **mine, **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "lines"), list(commands()), ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("report", ["clean", "found"])
def test_a_job_ends_with_the_policys_answer_and_leaves_its_files(
    here: Path, name: str, lines: list[str], report: str
) -> None:
    done = called(here, "\n".join(lines), report)
    assert done.returncode == (report == "found"), done.stdout
    assert "--parity-gate" in (here / "asked").read_text()
    assert (here / "report.html").read_text("utf-8").startswith("<!doctype html>")
    if name == "gitlab":
        job = yaml.safe_load(RECIPES["gitlab-ci"])["parity"]
        assert all(
            (here / path).exists() for path in (*job["artifacts"]["paths"], *job["artifacts"]["reports"].values())
        )


@pytest.mark.parametrize("report", ["clean", "found"])
@pytest.mark.parametrize("folder", [".", "back end"])
def test_the_action_shows_and_decides(here: Path, report: str, folder: str) -> None:
    place = here / folder
    place.mkdir(exist_ok=True)
    show, decide = ACTION["runs"]["steps"]
    environment = {
        "REPORTS": f"\n{here.parent / report}/*.json\n", "FOLDER": folder, "DIFF": "", "BEFORE": "",
        "GITHUB_STEP_SUMMARY": str(here / "summary"), "GITHUB_OUTPUT": str(here / "output"),
    }  # fmt: skip
    shown = called(here, show["run"], report, folder=folder, **environment)
    path = place.relative_to(here) / "shop/orders.py"
    assert shown.returncode == 0, shown.stdout
    assert (f"file={path.as_posix()},line=31" in shown.stdout) == (report == "found")
    assert (here / "summary").read_text().startswith("### Production parity: ")
    outputs = dict(line.split("=", 1) for line in (here / "output").read_text().splitlines())
    assert all((here / outputs[name]).exists() for name in ACTION["outputs"])
    assert called(here, decide["run"], report, folder=folder, **environment).returncode == (report == "found")


def test_the_action_decides_about_a_change_alone(here: Path) -> None:
    git(here, "init", "-q", "-b", "main")
    (here / "shop").mkdir()
    (here / "shop/orders.py").write_text("\n" * 40)
    commit(here)
    decide = ACTION["runs"]["steps"][1]["run"]
    environment = {"REPORTS": str(here.parent / "found/report0.json"), "DIFF": "main", "BEFORE": ""}
    done = called(here, decide, "found", **environment)
    assert (done.returncode, "1 elsewhere" in done.stdout) == (0, True), done.stdout
    old = str(here.parent / "clean/report0.json")
    assert called(here, decide, "found", **{**environment, "BEFORE": f"{old}\n{old}\n"}).returncode == 0, (
        "its test did not run before"
    )
    (here / "shop/orders.py").write_text("\n" * 30 + "x = 1\n" * 3)
    assert called(here, decide, "found", **environment).returncode == 1


def test_the_other_recipes_can_be_read_and_call_what_there_is() -> None:
    (repository,) = yaml.safe_load(RECIPES["pre-commit-config"])["repos"]
    (hook,) = repository["hooks"]
    assert {"id", "name", "entry", "language"} <= hook.keys()
    tox = configparser.ConfigParser(interpolation=None)
    tox.read_string(RECIPES["tox"])
    ast.parse(RECIPES["nox"])
    for text in (hook["entry"], tox["testenv:parity"]["commands"], RECIPES["nox"]):
        assert set(re.findall(r"--parity-\w+", text)) == {"--parity-level", "--parity-gate"}


def test_the_nox_session_runs_what_it_says(here: Path) -> None:
    (here / "noxfile.py").write_text(RECIPES["nox"])
    venv = here / ".nox/parity"
    script = f"{sys.executable} -m venv --without-pip {venv}; {sys.executable} -m nox --default-venv-backend venv -R -s parity -- -x"
    done = called(here, script, "clean")
    assert done.returncode == 0, done.stdout
    assert (here / "asked").read_text() == "--parity-level=dev --parity-gate -x"
