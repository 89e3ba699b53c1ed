"""Specifications in the style of large public APIs, and recordings of them that are as they should be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pytest_prodparity.recordings.difference import Difference
from pytest_prodparity.recordings.exchange import Exchange, Request, Response
from pytest_prodparity.recordings.openapi.compare import compare
from pytest_prodparity.recordings.openapi.spec import Spec

HERE = Path(__file__).parent


@cache
def load(name: str) -> Spec:
    """One of the files beside this one."""
    return Spec.load(HERE / name)


def spec(folder: Path, paths: Mapping[str, Any], **more: Any) -> Spec:
    """A small one of OpenAPI 3.0, at https://api.example.com."""
    document = {"openapi": "3.0.3", "info": {"title": "Small", "version": "1"}, "servers": [{"url": "https://api.example.com"}], "paths": paths, **more}  # fmt: skip
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return Spec.load(path)


def answering(schema: Any, **more: Any) -> dict[str, Any]:
    """`paths` with GET /thing, whose answer has this schema."""
    return {"/thing": {"get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}, **more}}}


def call(
    asked: str,
    body: Any = None,
    *,
    status: int = 200,
    sent: Any = None,
    form: Mapping[str, str] | list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    answered: Mapping[str, str] | None = None,
    number: int = 0,
) -> Exchange:
    """`GET https://…` with JSON both ways, or a form."""
    method, _, url = asked.partition(" ")
    fields, payload = dict(headers or {}), b""
    if sent is not None:
        fields, payload = {"Content-Type": "application/json", **fields}, json.dumps(sent).encode()
    if form is not None:
        fields, payload = {"Content-Type": "application/x-www-form-urlencoded", **fields}, urlencode(form).encode()
    content = b"" if body is None else json.dumps(body).encode()
    back = {"Content-Type": "application/json; charset=utf-8"} if body is not None else {}
    return Exchange(
        number=number,
        request=Request(method=method, url=url, headers=tuple(fields.items()), body=payload),
        response=Response(status=status, headers=tuple({**back, **(answered or {})}.items()), body=content),
    )


def told(spec: Spec, exchange: Exchange) -> list[str]:
    """`fail deprecated-operation: the operation is deprecated`, one line a difference."""
    return [line(one) for one in compare(spec, exchange).differences]


def line(one: Difference) -> str:
    """On one line."""
    instead = f" -> {one.successor}" if one.successor else ""
    return f"{one.severity} {one.kind}: {one.where or one.operation} {one.told}{instead}"
