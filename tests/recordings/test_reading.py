"""Cassettes of vcrpy are read as they are on disk, whoever wrote them; what is torn is one message."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from pathlib import Path

import brotli
import pytest
import vcr.serialize
from vcr.request import Request as Asked
from vcr.serializers import jsonserializer, yamlserializer

from pytest_prodparity.core.errors import UsageError
from pytest_prodparity.recordings.coding import Undecodable, decoded
from pytest_prodparity.recordings.exchange import Request, Response
from pytest_prodparity.recordings.reading import CassetteError, NoCassette, find, folders, parse, read

GOOD = """\
interactions:
- request:
    body: null
    headers: {Accept: ['*/*'], X-Many: [a, b]}
    method: GET
    uri: https://api.example.com/a?b=1#part
  response:
    body: {string: '{"a": 1}'}
    headers: {Content-Type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""


def test_an_interaction_is_read_into_an_exchange(tmp_path: Path) -> None:
    [exchange] = parse(GOOD, tmp_path / "a.yaml").exchanges
    assert exchange.number == 0
    assert exchange.request == Request(
        method="GET",
        url="https://api.example.com/a?b=1",
        headers=(("Accept", "*/*"), ("X-Many", "a"), ("X-Many", "b")),
        body=b"",
    )
    assert exchange.response == Response(
        status=200, reason="OK", headers=(("Content-Type", "application/json"),), body=b'{"a": 1}'
    )


@pytest.mark.parametrize("serializer", [yamlserializer, jsonserializer])
@pytest.mark.parametrize("body", [b"", b'{"a": "\xc3\xa9"}', b"a=1&b=2"])
def test_what_vcrpy_writes_is_read(tmp_path: Path, serializer: object, body: bytes) -> None:
    response = {"status": {"code": 201, "message": "Created"}, "headers": {"A": ["1"]}, "body": {"string": body}}
    text = vcr.serialize.serialize({"requests": [Asked("post", "https://a.example/x", body, {"B": "2"})], "responses": [response]}, serializer)  # fmt: skip
    path = tmp_path / ("a.json" if serializer is jsonserializer else "a.yaml")
    path.write_text(text, encoding="utf-8")
    [exchange] = read(path).exchanges
    assert (exchange.request.method, exchange.request.body, exchange.response.body) == ("POST", body, body)
    assert exchange.request.headers == (("B", "2"),)


def test_binary_bodies_and_tags_of_python_are_read(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}')
    text = GOOD.replace("""{string: '{"a": 1}'}""", f"{{string: !!binary {base64.b64encode(packed).decode()}}}")
    text = text.replace(
        "body: null", "body: !!python/object/new:_io.BytesIO {state: !!python/tuple [!!binary YWJj, 0, null]}"
    )
    [exchange] = parse(text, tmp_path / "a.yaml").exchanges
    assert exchange.request.body == b"abc"
    assert exchange.response.body == packed
    assert decoded((("content-encoding", "gzip"),), packed) == b'{"a": 1}'


def test_the_form_of_older_httpx_cassettes_is_read(tmp_path: Path) -> None:
    text = """\
interactions:
- request: {body: a=1, headers: {A: b}, method: get, uri: "https://a.example/"}
  response: {content: hello, headers: [[X, "1"], [X, "2"]], http_version: HTTP/1.1, status_code: 404}
"""
    [exchange] = parse(text, tmp_path / "a.yaml").exchanges
    assert exchange.response == Response(status=404, headers=(("X", "1"), ("X", "2")), body=b"hello")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            GOOD.replace("method: GET", "verb: GET"),
            "is torn: interaction 0: its request has no method and absolute URI.",
        ),
        (GOOD[:60] + "\n  {", "is torn in line "),
        (GOOD.replace("{code: 200, message: OK}", "null"), "is torn: interaction 0: its response has no status."),
        (GOOD.replace("  response:", "  answer:"), "is torn: interaction 0: its response is missing."),
        ("interactions: 3", "is torn: 'interactions' is a number, not a list."),
        ("interactions: [x]", "is torn: interaction 0: it is a text, not a mapping."),
        (GOOD.replace("body: null", "body: !!python/object/apply:os.system [ls]"), "is torn in line "),
        ("- request: {}\n  response: {}", "is in vcrpy's format from before 1.0."),
    ],
)
def test_a_torn_cassette_is_one_message(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "flow.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CassetteError) as raised:
        read(path)
    assert said in str(raised.value)
    assert str(raised.value).startswith(f"Cassette {path} is ")
    assert "\nTo fix: " in str(raised.value)


def test_another_yaml_file_is_no_cassette(tmp_path: Path) -> None:
    with pytest.raises(NoCassette, match=r"is no cassette: it has no 'interactions' at its top"):
        parse("services: {web: {}}", tmp_path / "compose.yaml")


def test_a_folder_is_searched_and_what_is_no_cassette_is_passed_by(tmp_path: Path) -> None:
    for name, text in {
        "cassettes/b.yaml": GOOD,
        "cassettes/in/a.yml": GOOD,
        "cassettes/compose.yaml": "services: {}",
        "cassettes/other.json": '{"metadata": {"interactions": [1]}}',
        "cassettes/odd.yaml": "{{ template }}",
        ".venv/cassettes/x.yaml": GOOD,
        "tests/cassettes/c.json": json.dumps({"interactions": []}),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert folders(tmp_path) == [tmp_path / "cassettes", tmp_path / "tests/cassettes"]
    assert [one.path.name for one in find(folders(tmp_path))] == ["b.yaml", "a.yml", "c.json"]
    assert len(find([tmp_path, tmp_path / "cassettes/b.yaml"])) == 3


def test_an_empty_folder_and_a_missing_one_are_one_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no cassette in '.*'\.\nLooked in it and below for \*\.yaml, "):
        find([tmp_path])
    with pytest.raises(UsageError, match=r"There is no cassette '.*none'\."):
        find([tmp_path / "none"])


RAW = zlib.compressobj(wbits=-15)
PLAIN = b'{"a": [1, 2, 3]}'


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("", PLAIN),
        ("identity", PLAIN),
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("x-gzip", gzip.compress(PLAIN[:5], mtime=0) + gzip.compress(PLAIN[5:], mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", RAW.compress(PLAIN) + RAW.flush()),
        ("br", brotli.compress(PLAIN)),
        ("deflate, gzip", gzip.compress(zlib.compress(PLAIN), mtime=0)),
        ("gzip", PLAIN),
        ("br", PLAIN),
        ("deflate", PLAIN),
    ],
)
def test_a_coded_body_is_decoded_and_one_that_was_decoded_before_stays(coding: str, body: bytes) -> None:
    assert decoded((("Content-Encoding", coding),), body) == PLAIN


@pytest.mark.parametrize(
    ("coding", "body", "said"),
    [
        ("gzip", gzip.compress(PLAIN, mtime=0)[:-9], "it is torn: its end is missing"),
        ("gzip", b"\x1f\x8b" + b"x" * 20, "it is torn"),
        ("br", b"\x00\x01\x02", "it is torn"),
        ("zstd", PLAIN, "its content coding 'zstd' is not known"),
        ("gzip", gzip.compress(b"0" * (65 << 20), 1, mtime=0), "it is more than 64 MB when decoded"),
    ],
)
def test_a_body_that_cannot_be_decoded_says_why(coding: str, body: bytes, said: str) -> None:
    with pytest.raises(Undecodable, match=said):
        decoded((("Content-Encoding", coding),), body)
