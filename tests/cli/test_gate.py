"""`prodparity gate`, as a job types it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.gate.reports import found, run, written
from tests.gate.repository import commit, git
from tests.project import Project, run_command


@pytest.fixture
def here(tmp_path: Path) -> Project:
    return Project(tmp_path, tmp_path / "cache")


def report(project: Project, *findings: object, name: str = ".prodparity/report.json", **more: object) -> None:
    path = project.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run(*findings, **more).to_json()))  # type: ignore[arg-type]


def test_a_clean_report_passes(here: Project) -> None:
    report(here)
    assert run_command(here, "gate") == (
        "gate: passes\n0 findings block · 1 test at dev · 10 statements judged\n"
    )  # fmt: skip


def test_a_finding_blocks_with_its_line_and_fingerprint(here: Project) -> None:
    report(here, found())
    assert run_command(here, "gate", status=1, environment={"COLUMNS": "200"}) == (
        "gate: blocked\n"
        "  block    seq-scan   reads 48,211,904 rows to return 12\n"
        f"           shop/orders.py:31 in tests/test_orders.py::test_open   {found().fingerprint}\n"
        "1 finding blocks · 2 tests at dev · 11 statements judged\n"
    )


def test_many_files_by_a_pattern_are_one_answer(here: Project) -> None:
    report(here, name="reports/a/1.json")
    report(here, found(), name="reports/b/2.json", level="staging")
    said = json.loads(run_command(here, "gate", "reports/**/*.json", "--json", status=1))
    assert (said["answer"], said["levels"], said["counts"]["reports"]) == ("block", ["dev", "staging"], 2)
    assert said["findings"][0]["source"] == "shop/orders.py:31"


def test_the_policy_is_that_of_the_project(here: Project) -> None:
    report(here, found(), found("spill"))
    here.write({"pyproject.toml": '[tool.prodparity.gate.rules]\n"*" = "warn"\nspill = "ignore"\n'})
    assert run_command(here, "gate").startswith("gate: passes, with warnings\n  warn     seq-scan ")
    here.write({"pyproject.toml": "[tool.prodparity.gate]\nrulez = 1\n"})
    assert run_command(here, "gate", status=2) == (
        "prodparity: [tool.prodparity] gate: unknown key 'rulez' (did you mean 'rules'?).\n"
        "To fix: use one of rules, cannot-tell, flaky, failed, minimum, baseline, waivers\n"
    )


def test_a_baseline_is_made_kept_and_made_smaller(here: Project) -> None:
    report(here, found(), found("spill"))
    arguments = ("gate", "--baseline", "parity/baseline.json")
    assert "To fix: prodparity gate --baseline parity/baseline.json --update" in run_command(here, *arguments, status=2)
    made = run_command(here, *arguments, "--update")
    assert "2 in the baseline" in made
    assert "baseline: parity/baseline.json made, 2 in it" in made
    report(here, found(at="shop/orders.py:81"), found("n-plus-one"))
    assert "1 of the baseline gone" in run_command(here, *arguments, status=1)
    text = (here.folder / "parity/baseline.json").read_text()
    assert "baseline: parity/baseline.json 1 taken out, 1 in it" in run_command(here, *arguments, "--update", status=1)
    smaller = (here.folder / "parity/baseline.json").read_text()
    assert [line for line in text.splitlines() if "spill" not in line][1].rstrip(",") in smaller
    assert "n-plus-one" not in smaller


def test_a_run_that_could_not_be_judged_leaves_the_baseline_alone(here: Project) -> None:
    report(here, found())
    run_command(here, "gate", "--baseline", "b.json", "--update")
    before = (here.folder / "b.json").read_bytes()
    report(here, interrupted=True)
    assert "left as it is" in run_command(here, "gate", "--baseline", "b.json", "--update", status=3)
    assert (here.folder / "b.json").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 3, "cannot be read: No such file or directory.\nTo fix: run pytest with marked tests first"),
        (("*.jsn",), 3, "No report matches '*.jsn'."),
        (("folder",), 2, "'folder' is a folder, not a report.\nTo fix: give its files: 'folder/**/*.json'"),
        (("torn.json",), 3, "torn.json is torn, or no report"),
        (("good.json", "--today", "soon"), 2, "--today: 'soon' is not a day."),
        (("good.json", "--update"), 2, "--update: there is no baseline to update."),
        (("--bas", "x"), 2, "No such option"),
    ],
)
def test_wrong_use_and_what_cannot_be_judged_have_a_status_of_their_own(
    here: Project, arguments: tuple[str, ...], status: int, said: str
) -> None:
    report(here, name="good.json")
    here.write({"torn.json": '{"format": 1, "findi', "folder/x": ""})
    out = run_command(here, "gate", *arguments, status=status)
    assert said in out
    assert "Traceback" not in out


def test_nothing_in_a_report_steers_the_terminal_or_the_ci_server(here: Project) -> None:
    report(here, found(title="\x1b[31m\n::error::hi ##[error]", test="\n::stop-commands::x"))
    out = run_command(here, "gate", status=1)
    assert "\x1b" not in out
    assert "##[" not in out
    assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]


def test_the_day_decides_about_waivers(here: Project) -> None:
    report(here, found())
    here.write({"pyproject.toml": '[[tool.prodparity.gate.waivers]]\nrule = "seq-scan"\nsubject = "orders"\n'
                                  'reason = "few rows"\nowner = "ada"\nuntil = 2027-06-30\n'})  # fmt: skip
    assert "1 waived" in run_command(here, "gate", "--today", "2027-06-30")
    late = run_command(here, "gate", "--today", "2027-07-01", status=1)
    assert "the waiver of ada has expired: it held until 2027-06-30" in late
    assert "could not be judged" in run_command(here, "gate", "--today", "2019-01-01", status=3)


def test_the_same_reports_come_to_the_same_bytes_in_any_order(here: Project) -> None:
    paths = written(here.folder, run(found()), run(found("spill"), level="staging"), run())
    orders = (paths, paths[::-1], [paths[1], paths[0], paths[2], paths[1]])
    assert (
        len({run_command(here, "gate", *map(str, order), *more, status=1) for order in orders for more in [["--json"]]})
        == 1
    )
    assert len({run_command(here, "gate", *map(str, order), status=1) for order in orders}) == 1


@pytest.mark.skipif(shutil.which("git") is None, reason="git tells what changed")
def test_with_diff_only_what_the_change_touches_or_causes_counts(here: Project) -> None:
    here.write(
        {"shop/orders.py": "def open_orders(db):\n    return db.get()\n\n\ndef all_orders(db):\n    return db.all()\n"}
    )
    git(here.folder, "init", "-q", "-b", "main")
    base = commit(here.folder)
    here.write(
        {"shop/orders.py": "def open_orders(db):\n    return db.get(1)\n\n\ndef all_orders(db):\n    return db.all()\n"}
    )
    old = found("spill", "shop/orders.py:6", function="all_orders", subject="old")
    report(here, found(at="shop/orders.py:2"), old, commit=base)
    out = run_command(here, "gate", "--diff", "main", status=1)
    assert "seq-scan" in out
    assert "spill" not in out
    assert "1 finding blocks, 1 elsewhere" in out
    report(here, found(at="shop/orders.py:2"), old, commit=base, name="before.json")
    assert "1 elsewhere" in run_command(here, "gate", "--diff", "main", "--before", "before.json", status=1)
    report(here, clean=(old.test,), commit=base, name="before.json")
    assert "2 findings block" in run_command(here, "gate", "--diff", "main", "--before", "before.json", status=1)
    for arguments, said in (
        (("--before", "x.json"), "--before is about --diff."),
        (("--diff", "main", "--update", "--baseline", "b.json"), "--update takes all findings, --diff some."),
        (("--diff", "elsewhere"), "there is no revision 'elsewhere' here that this commit comes from"),
    ):
        assert said in run_command(here, "gate", *arguments, status=2)
