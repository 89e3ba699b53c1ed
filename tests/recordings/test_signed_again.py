"""A signature is made again with the placeholder of its key, so that replay can check it; the key is never on disk."""

from __future__ import annotations

import hashlib
import hmac
import warnings
from pathlib import Path
from typing import Any

import pytest

from pytest_prodparity.recordings.exchange import Verdict
from pytest_prodparity.recordings.left import left
from tests.recordings.conftest import Open
from tests.recordings.service import Service

KEY_ID, KEY = "AKIAQ7RW2KXJ5TYB3NVD", "wJalrXUtnFEMI9K7MDENGbPxRfiCY3KEY0815abc"


def _by_boto3(url: str, key: str) -> int:
    import boto3
    from botocore.config import Config

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID if key == KEY else None,
            aws_secret_access_key=key if key == KEY else None,
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}),
        )
        answer = client.head_object(Bucket="bucket", Key="object")
        client.close()
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def test_boto3_is_recorded_and_its_signature_checked(
    service: Service, flow: Open, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    with flow("all"):
        assert _by_boto3(service.url, KEY) == 200
    text = (tmp_path / "cassette.yaml").read_text()
    assert KEY not in text
    assert KEY_ID not in text
    assert "AWS_SECRET_ACCESS_KEY" in text
    assert left(tmp_path / "cassette.yaml") == []
    with flow("none") as played:
        assert _by_boto3(service.url, "") == 200
    assert [one.ruling.verdict for one in played.heard] == [Verdict.ACCEPT]
    assert len(service.seen) == 1


@pytest.mark.parametrize("wrong", [False, True])
def test_an_hmac_of_the_body_is_checked(
    wrong: bool, service: Service, flow: Open, tmp_path: Path, monkeypatch: Any
) -> None:
    import os

    import requests

    def send(body: bytes) -> None:
        key = os.environ["SIGNING_KEY"].encode()
        signature = hmac.new(key + b"x" * wronged, body, hashlib.sha256).hexdigest()
        headers = {"X-Signature": signature, "Content-Type": "text/plain"}
        requests.post(f"{service.url}/hook", data=body, headers=headers, timeout=5)

    wronged = False
    monkeypatch.setenv("SIGNING_KEY", KEY)
    with flow("all"):
        send(b"one")
        send(b"two")
    assert KEY not in (tmp_path / "cassette.yaml").read_text()
    wronged = wrong
    with flow("none") as played:
        send(b"one")
    expected = Verdict.REFUSE if wrong else Verdict.ACCEPT
    assert [one.ruling.verdict for one in played.heard] == [expected], played.heard
