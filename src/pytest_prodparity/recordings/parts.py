"""A request and a response taken apart into named values, whatever form they are written in."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .exchange import Fields, Request, Response

_PORTS = {"http": 80, "https": 443}
_XML_LEAF = re.compile(r"<([A-Za-z_][\w.-]*)>([^<>]{1,4096})</\1>")
_FORM = re.compile(rb"^[^=&\s{}<>\[\]\"]+=[^\s{}<>\"]*(&[^=&\s]+=[^&\s]*)*$")
_LARGEST_READ = 4 << 20
_TELLING_HEADERS = ("x-amz-target", "soapaction", "range", "x-http-method-override")


class Place(NamedTuple):
    """Where a value stands: `where` is basic, authorization (its name is the scheme), header, cookie, query, form, part,
    json, path or raw in a request; json, cookie, location, fragment, header, html or xml in a response."""

    where: str
    name: str

    def __str__(self) -> str:
        return f"{self.where} {self.name}".strip()


class Field(NamedTuple):
    """A value at its place. JSON's numbers, booleans and null start with a zero byte: they equal no string."""

    place: Place
    value: str


@dataclass(frozen=True, kw_only=True)
class Parts:
    """A request, taken apart."""

    method: str
    origin: str
    path: str
    fields: tuple[Field, ...]
    speaks: str
    """What the body is: form, json, part, raw, or nothing."""
    request: Request = field(repr=False)

    @cached_property
    def at(self) -> dict[Place, str]:
        """The first value at each place."""
        found: dict[Place, str] = {}
        for place, value in self.fields:
            found.setdefault(place, value)
        return found

    def body(self, name: str) -> str | None:
        """A value of the body by its name, whether the body is a form or JSON."""
        for where in ("form", "json", "part"):
            value = self.at.get(Place(where, name))
            if value is not None and not value.startswith("\x00"):
                return value
        return None

    def sent(self, name: str) -> str | None:
        """A value of the body or the query by its name."""
        value = self.body(name)
        return self.at.get(Place("query", name)) if value is None else value

    @property
    def endpoint(self) -> str:
        """As a user names it."""
        return f"{self.method} {self.origin}{self.path}"


class SetCookie(NamedTuple):
    """A cookie as a server hands it out."""

    name: str
    value: str
    attributes: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """An attribute by its name in small letters; empty where it is a flag."""
        return next((value for key, value in self.attributes if key == name), None)


def header(fields: Fields, name: str) -> str | None:
    """The first header of this name."""
    return next((value for key, value in fields if key.lower() == name), None)


def decoded(body: bytes, headers: Fields) -> bytes | None:
    """Without content coding; None where it cannot be read here."""
    coding = (header(headers, "content-encoding") or "").strip().lower()
    try:
        if coding in ("gzip", "x-gzip"):
            return gzip.decompress(body)
        if coding == "deflate":
            return zlib.decompress(body)
    except (OSError, EOFError, zlib.error):
        return body  # a client library has decoded it and left the header
    return body if coding in ("", "identity") else None


def take_apart(request: Request) -> Parts:
    """Every value that the request carries, at its place."""
    split = urlsplit(request.url)
    found = [Field(Place("query", name), value) for name, value in parse_qsl(split.query, keep_blank_values=True)]
    for name, value in request.headers:
        found.extend(_header_fields(name.lower(), value))
    speaks, body = _body_fields(request)
    return Parts(
        method=request.method.upper(),
        origin=_origin(split.scheme, split.hostname or "", split.port),
        path=quote(unquote(split.path), safe="/:@!$&'()*+,;=~-._") or "/",
        fields=(*found, *body),
        speaks=speaks,
        request=request,
    )


def _origin(scheme: str, host: str, port: int | None) -> str:
    scheme = scheme.lower()
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _PORTS.get(scheme)) else f"{scheme}://{shown}:{port}"


def _header_fields(name: str, value: str) -> Iterator[Field]:
    if name == "cookie":
        for pair in value.split(";"):
            key, equals, held = pair.strip().partition("=")
            if equals:
                yield Field(Place("cookie", key), held.strip('"'))
    elif name in ("authorization", "proxy-authorization"):
        scheme, space, held = value.strip().partition(" ")
        if not space:
            yield Field(Place("authorization", ""), scheme)
            return
        basic = _basic(held) if scheme.lower() == "basic" else None
        if basic is None:
            yield Field(Place("authorization", scheme.lower()), held.strip())
        else:
            yield Field(Place("basic", "user"), basic[0])
            yield Field(Place("basic", "password"), basic[1])
    else:
        yield Field(Place("header", name), value)


def _basic(held: str) -> tuple[str, str] | None:
    try:
        text = base64.b64decode(held.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.decode("utf-8", "surrogateescape").partition(":")
    return (user, password) if colon else None


def _body_fields(request: Request) -> tuple[str, list[Field]]:
    telling = [
        Field(Place("telling", name), value) for name in _TELLING_HEADERS if (value := header(request.headers, name))
    ]
    body = decoded(request.body, request.headers)
    if body is None:
        body = request.body
    if not body:
        return "", telling
    kind = (header(request.headers, "content-type") or "").lower()
    if "multipart/" in kind and (
        found := re.search(r"boundary=\"?([^\";]+)", header(request.headers, "content-type") or "")
    ):
        return "part", telling + list(_multipart(body, found[1].encode()))
    if "urlencoded" in kind or (not kind and _FORM.match(body[:4096])):
        text = body.decode("utf-8", "replace")
        return "form", telling + [Field(Place("form", n), v) for n, v in parse_qsl(text, keep_blank_values=True)]
    if "json" in kind or body.lstrip()[:1] in (b"{", b"["):
        try:
            return "json", telling + list(json_fields(json.loads(body)))
        except (ValueError, RecursionError):
            pass
    text = body.decode("latin-1") if len(body) <= _LARGEST_READ else hashlib.sha256(body).hexdigest()
    return "raw", [*telling, Field(Place("raw", ""), text)]


def json_fields(document: object, path: str = "") -> Iterator[Field]:
    """The leaves of a JSON document, each at its dotted path."""
    if isinstance(document, dict) and document:
        for name, value in document.items():
            yield from json_fields(value, f"{path}.{name}" if path else str(name))
    elif isinstance(document, list) and document:
        for index, value in enumerate(document):
            yield from json_fields(value, f"{path}.{index}" if path else str(index))
    elif isinstance(document, str):
        yield Field(Place("json", path), document)
    else:
        if isinstance(document, float) and document.is_integer() and abs(document) < 1e15:
            document = int(document)
        yield Field(Place("json", path), "\x00" + json.dumps(document))


def _multipart(body: bytes, boundary: bytes) -> Iterator[Field]:
    for part in body.split(b"--" + boundary):
        head, gap, content = part.partition(b"\r\n\r\n")
        if not gap:
            continue
        named = re.search(rb'name="([^"]*)"', head)
        filename = re.search(rb'filename="([^"]*)"', head)
        content = content.removesuffix(b"\r\n")
        text = hashlib.sha256(content).hexdigest() if filename else content.decode("utf-8", "replace")
        name = named[1].decode("utf-8", "replace") if named else ""
        yield Field(Place("part", name), f"{filename[1].decode('utf-8', 'replace')}:{text}" if filename else text)


def cookies_set(response: Response) -> tuple[SetCookie, ...]:
    """The cookies that a response hands out, deletions included."""
    found = []
    for name, value in response.headers:
        if name.lower() != "set-cookie":
            continue
        pair, *rest = value.split(";")
        key, _, held = pair.strip().partition("=")
        attributes = [part.strip().partition("=") for part in rest]
        found.append(SetCookie(key, held.strip('"'), tuple((n.lower(), v.strip()) for n, _, v in attributes)))
    return tuple(found)


def given_out(response: Response) -> tuple[Field, ...]:
    """Every value that a response hands out, at its place."""
    found = [Field(Place("cookie", cookie.name), cookie.value) for cookie in cookies_set(response)]
    for name, value in response.headers:
        lower = name.lower()
        if lower == "location":
            split = urlsplit(value)
            found += [Field(Place("location", n), v) for n, v in parse_qsl(split.query)]
            found += [Field(Place("fragment", n), v) for n, v in parse_qsl(split.fragment)]
        elif lower != "set-cookie":
            found.append(Field(Place("header", lower), value))
    for one in _document(response):
        found.append(one)
        if one.value.startswith(("http://", "https://")) and "?" in one.value:
            found += [Field(Place("link", n), v) for n, v in parse_qsl(urlsplit(one.value).query)]
    return tuple(found)


def speaks_json(response: Response) -> bool:
    """The API answers in JSON."""
    kind = (header(response.headers, "content-type") or "").lower()
    return "json" in kind or (not kind and response.body.lstrip()[:1] in (b"{", b"["))


def _document(response: Response) -> Iterator[Field]:
    body = decoded(response.body, response.headers)
    if not body or len(body) > _LARGEST_READ:
        return
    kind = (header(response.headers, "content-type") or "").lower()
    if "html" in kind:
        reader = _Hidden()
        reader.feed(body.decode("utf-8", "replace"))
        yield from reader.found
    elif "urlencoded" in kind:
        for name, value in parse_qsl(body.decode("utf-8", "replace")):
            yield Field(Place("form", name), value)
    elif "xml" in kind or body.lstrip()[:5] == b"<?xml":
        for leaf in _XML_LEAF.finditer(body.decode("utf-8", "replace")):
            yield Field(Place("xml", leaf[1]), leaf[2])
    elif "json" in kind or body.lstrip()[:1] in (b"{", b"["):
        try:
            yield from json_fields(json.loads(body))
        except (ValueError, RecursionError):
            return


class _Hidden(HTMLParser):
    """The hidden inputs and the meta tags of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Field] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if tag == "input" and held.get("name") and held.get("value"):
            self.found.append(Field(Place("html", str(held["name"])), str(held["value"])))
        elif tag == "meta" and held.get("name") and held.get("content"):
            self.found.append(Field(Place("html", str(held["name"])), str(held["content"])))
