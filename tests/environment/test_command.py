"""`prodparity env`, as it is typed."""

from __future__ import annotations

from pathlib import Path

from tests.project import Project, run_command


def test_capture_writes_names_and_kinds_and_says_what_changed(tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path).write({"Dockerfile": "FROM python:3.12\nENV REGION=eu SECRET_KEY=hunter2\n"})
    out = run_command(project, "env", "capture")
    assert "Read: Dockerfile\n" in out
    assert "secret: SECRET_KEY\n" in out
    assert "Python 3.12, locale C.UTF-8" in out
    assert "Written: parity/environment.toml: names and kinds, no values." in out
    text = (tmp_path / "parity" / "environment.toml").read_text()
    assert 'REGION = { kind = "text", from = ["Dockerfile"] }\n' in text
    assert "hunter2" not in text + out
    project.write({"parity/environment.toml": text + "\n", "Dockerfile": "FROM python:3.13\nENV REGION=eu PORT=80\n"})
    out = run_command(project, "env", "capture", "Dockerfile")
    assert "Since the last capture" in out
    for line in ("new PORT", "gone SECRET_KEY", 'now python = "3.13"'):
        assert f"  {line}\n" in out
    assert "REGION" in run_command(project, "env", "show")


def test_a_value_in_the_manifest_is_complained_of_before_it_is_written_over(tmp_path: Path) -> None:
    project = Project(tmp_path, tmp_path).write({"parity/environment.toml": '[variables]\nKEY = "hunter2"\n'})
    out = run_command(project, "env", "capture", "--here", status=2)
    assert "the manifest holds a value (not shown here)" in out
    assert "hunter2" not in out
    (tmp_path / "parity" / "environment.toml").unlink()
    assert "Nothing here tells production's environment" in run_command(project, "env", "capture", status=2)
