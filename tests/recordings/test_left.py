"""`prodparity scrub`: what is left in cassettes that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_prodparity.cli.scrub import command
from pytest_prodparity.core.errors import UsageError
from tests.recordings.test_secrets import PLACES, PLAIN, one, put

VCRPY = """\
interactions:
- request:
    body: grant_type=password&username=ann&password=hunter2-and-more
    headers:
      Authorization:
      - Basic YW5uOmh1bnRlcjItYW5kLW1vcmU=
      Accept:
      - '*/*'
    method: POST
    uri: https://api.example.com/token
  response:
    body:
      string: '{"access_token": "f81d4fae7dec11d0a76500a0c91e6bf6", "token_type": "Bearer"}'
    headers: {}
    status:
      code: 200
      message: OK
version: 1
"""
SECRETS = ("hunter2-and-more", "f81d4fae7dec11d0a76500a0c91e6bf6", "YW5uOmh1bnRlcjItYW5kLW1vcmU=")


def test_secrets_in_a_cassette_of_vcrpy_are_named_by_line_and_kind(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(VCRPY)
    done = CliRunner().invoke(command, ["--check", str(tmp_path)], standalone_mode=False)
    assert done.return_value == 1
    assert done.output.splitlines() == [
        f"{path}:3: password",
        f"{path}:13: access_token",
        "1 cassette, 2 secrets",
    ]
    assert not any(secret in done.output for secret in SECRETS)
    assert path.read_text() == VCRPY


def test_scrubbing_puts_placeholders_in_their_places_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(VCRPY)
    CliRunner().invoke(command, [str(path)], standalone_mode=False, catch_exceptions=False)
    text = path.read_text()
    assert not any(secret in text for secret in SECRETS)
    assert len(text.splitlines()) == len(VCRPY.splitlines())
    assert "grant_type=password&username=ann&password=" in text


@pytest.mark.parametrize("place", PLACES)
def test_a_cassette_of_ours_has_none(place: str, tmp_path: Path) -> None:
    from pytest_prodparity.recordings.left import left
    from pytest_prodparity.recordings.secrets import Vault
    from pytest_prodparity.recordings.store import Placeholder, Tape, write

    exchange, _ = PLACES[place]
    vault = Vault({})
    vault.learn_from(exchange)
    made = tuple(Placeholder(kind=vault.kinds[value], placeholder=each) for value, each in vault.placeholders.items())
    path = tmp_path / "c.yaml"
    write(path, Tape(exchanges=(vault.hidden(exchange),), recorded_at=1.7e9, placeholders=made), vault.known)
    assert left(path) == []


@pytest.mark.parametrize(
    "word", ["REDACTED", "<TOKEN>", "***", "xxxxxxxxxx", "DUMMY-VALUE-1", "{{ token }}", "filtered-0815"]
)
def test_what_others_put_in_a_secrets_place_is_none(word: str, tmp_path: Path) -> None:
    from pytest_prodparity.recordings.left import left

    path = tmp_path / "c.yaml"
    path.write_text(VCRPY.replace(SECRETS[0], word).replace(SECRETS[1], word).replace(SECRETS[2], "OnJlZGFjdGVk"))
    assert [each for each in left(path) if each.kind != "password"] == []


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere does not exist\.\nTo fix: prodparity scrub --check"):
        CliRunner().invoke(command, [str(tmp_path / "nowhere")], standalone_mode=False, catch_exceptions=False)


def test_other_files_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "settings.yaml").write_text("token: f81d4fae7dec11d0a76500a0c91e6bf6\n")
    put([one(url=f"https://api.example.com/x?api_key={PLAIN}")], tmp_path / "cassettes" / "c.yaml")
    done = CliRunner().invoke(command, ["--check", str(tmp_path)], standalone_mode=False)
    assert "\n1 cassette, " in done.output
