"""One recorded exchange held against a specification."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..coding import Undecodable, decoded
from ..difference import Difference, Severity
from ..exchange import Exchange, Fields, Request, Response
from ..fields import is_json, media_type, value
from . import forms, successor
from .document import Place, SpecError
from .notes import Note, Side, Walk, redacted, shown
from .operation import Content, Operation, Parameter
from .routes import VERSION, same_kind, version_key
from .spec import Found, Spec

INFORM, WARN, FAIL = Severity.INFORM, Severity.WARN, Severity.FAIL

_SEVERITY = {
    "type": FAIL, "null": WARN, "missing": WARN, "value": WARN, "limit": WARN, "write-only": WARN, "read-only": INFORM,
}  # fmt: skip
_UNIVERSAL = frozenset({401, 403, 407, 408, 413, 414, 415, 429, 431})
"""Statuses that any server, or what stands before it, sends; specifications seldom list them."""
_SECRET = re.compile(r"key|token|secret|auth|sign|passw|cookie|session|credential|csrf|nonce", re.IGNORECASE)
_FREE_HEADERS = frozenset({"accept", "content-type", "authorization", "user-agent", "cookie", "host"})
_NO_BODY = frozenset({204, 205, 304})


@dataclass(frozen=True, slots=True)
class Judged:
    """`reason` says why an exchange, or a part of it, was not judged."""

    differences: tuple[Difference, ...] = ()
    reason: str = ""


def compare(spec: Spec, exchange: Exchange) -> Judged:
    """Everything about one exchange whose host the specification is about."""
    request, response = exchange.request, exchange.response
    found = spec.find(request.url)
    if found is None:
        return _unknown_path(spec, request, response)
    if (elsewhere := spec.elsewhere.get(found.template)) is not None:
        return Judged(reason=f"not followed: {elsewhere}")
    operation = spec.operation(found, request.method)
    if operation is None and request.method == "HEAD":
        operation = spec.operation(found, "GET")
    if operation is None:
        return _unknown_method(spec, found, request, response)
    try:
        return Exchanged(spec, operation, found, request, response).judged()
    except RecursionError:
        raise SpecError(f"{operation.place}: one of its schemas holds itself without end.") from None


def _unknown_path(spec: Spec, request: Request, response: Response) -> Judged:
    if request.method in ("OPTIONS", "TRACE") or spec.is_login(request.url):
        return Judged()
    path = urlsplit(request.url).path
    where = f"{request.method} {path}"
    others = spec.versions(request.url, request.method)
    if others:
        newest, operation = others[0]
        asked = next(segment for segment in path.split("/") if VERSION.match(segment) and same_kind(segment, newest))
        if version_key(asked) > version_key(newest):
            told = f"is version {asked}, newer than the specification's {newest}"
            return Judged((_of(INFORM, "version", where, "", told, source=spec.path.name),))
        told = f"is version {asked}; the specification has {newest}"
        return Judged(
            (_of(FAIL if response.status in (404, 410) else WARN, "version", where, "", told, successor=str(operation), source=spec.path.name),)
        )  # fmt: skip
    told = "is no path of the specification"
    if response.status in (404, 410):
        return Judged((_of(INFORM, "undocumented-path", where, "", told, source=spec.path.name),))
    return Judged((_of(WARN, "undocumented-path", where, "", told, source=spec.path.name),))


def _unknown_method(spec: Spec, found: Found, request: Request, response: Response) -> Judged:
    if request.method in ("OPTIONS", "TRACE"):
        return Judged()
    where = f"{request.method} {found.server.base}{found.template}"
    told = f"is no method of the path, documented: {', '.join(spec.methods(found)) or 'none'}"
    severity = INFORM if response.status in (404, 405, 501) else WARN
    return Judged((_of(severity, "undocumented-method", where, "", told, source=str(spec.path.name)),))


def _of(severity: Severity, kind: str, operation: str, where: str, told: str, *, successor: str = "", source: str = "") -> Difference:  # fmt: skip
    return Difference(
        severity=severity, kind=kind, operation=operation, where=where, told=told, successor=successor, source=source
    )


def deprecations(spec: Spec, request: Request) -> list[Difference]:
    """What a request uses of what the specification calls deprecated; empty where it is not about the request."""
    found = spec.find(request.url)
    operation = spec.operation(found, request.method) if found is not None else None
    if found is None or operation is None:
        return []
    try:
        exchanged = Exchanged(spec, operation, found, request, Response(status=0))
        return [difference for difference in exchanged.asked() if difference.kind.startswith("deprecated-")]
    except RecursionError:
        raise SpecError(f"{operation.place}: one of its schemas holds itself without end.") from None


class Exchanged:
    """A request and its response, and the operation that they are."""

    def __init__(self, spec: Spec, operation: Operation, found: Found, request: Request, response: Response) -> None:
        self._spec = spec
        self._operation = operation
        self._found = found
        self._request = request
        self._response = response
        self._refused = response.status >= 400
        """A test of bad input is no drift; what is deprecated is told all the same."""
        self._reasons: list[str] = []

    def judged(self) -> Judged:
        """Both sides."""
        found = [*self.asked(), *self._answered()]
        kept = [one for one in found if not self._refused or one.kind.startswith(("deprecated", "undocumented-status")) or one.where.startswith("response")]  # fmt: skip
        return Judged(tuple({one.key: one for one in kept}.values()), "; ".join(self._reasons))

    def asked(self) -> Iterator[Difference]:
        """The request's side."""
        operation = self._operation
        if operation.deprecated:
            instead = successor.of_operation(self._spec, operation, self._request.url)
            yield self._say(FAIL, "deprecated-operation", "", "is deprecated", operation.place, instead)
        query = parse_qsl(urlsplit(self._request.url).query, keep_blank_values=True)
        for parameter in operation.parameters:
            yield from self._parameter(parameter, query)
        yield from self._undocumented(query)
        yield from self._body()

    def _parameter(self, parameter: Parameter, query: forms.Pairs) -> Iterator[Difference]:
        where = f"{parameter.where} parameter {parameter.name}"
        given, said = self._given(parameter, query)
        if not given:
            if parameter.required and not self._withheld(parameter.name) and self._told_of(parameter):
                yield self._say(WARN, "missing", where, "is documented as required, and missing", parameter.place)
            return
        if parameter.deprecated:
            instead = successor.of_place(self._spec, parameter.place)
            yield self._say(FAIL, "deprecated-parameter", where, "is deprecated", parameter.place, instead)
        if parameter.schema is None or self._withheld(parameter.name) or parameter.where == "cookie":
            return
        walk = Walk(Side.REQUEST, text=parameter.style != "json")
        self._spec.schemas.of(parameter.schema).judge(said, walk, None)
        yield from self._noted(walk.notes, where)

    def _told_of(self, parameter: Parameter) -> bool:
        """It would be in the recording: some are without any header fields."""
        return parameter.where == "query" or (parameter.where == "header" and bool(self._request.headers))

    def _given(self, parameter: Parameter, query: forms.Pairs) -> tuple[bool, Any]:
        if parameter.where == "query":
            return forms.value_of(parameter, query)
        if parameter.where == "header":
            text = value(self._request.headers, parameter.name)
            if text is None or parameter.name.lower() in _FREE_HEADERS:
                return False, None
            return True, text.split(",") if forms.kind_of(parameter.schema) == "array" else text
        if parameter.where == "path":
            names = re.findall(r"\{([^{}]*)\}", self._found.template)
            if parameter.name not in names or len(names) != len(self._found.values):
                return False, None
            text = self._found.values[names.index(parameter.name)]
            kind = forms.kind_of(parameter.schema)
            return kind != "object", text.split(",") if kind == "array" else text
        cookies = value(self._request.headers, "cookie") or ""
        return any(part.partition("=")[0].strip() == parameter.name for part in cookies.split(";")), ""

    def _withheld(self, name: str) -> bool:
        """It may be a credential, which recorders take out; or one that clients set by themselves."""
        return name.lower() in self._spec.keys or name.lower() in _FREE_HEADERS or _SECRET.search(name) is not None

    def _undocumented(self, query: forms.Pairs) -> Iterator[Difference]:
        documented = [one for one in self._operation.parameters if one.where == "query"]
        spread = [one for one in documented if forms.kind_of(one.schema) == "object" and one.style == "form"]
        if spread or self._operation.partial:  # its fields stand in the query by their own names
            return
        for key in dict.fromkeys(key for key, _ in query):
            if not any(forms.claimed(one, key) for one in documented) and not self._withheld(key):
                where = f"query parameter {forms.base_name(key)}"
                yield self._say(WARN, "undocumented-parameter", where, "is documented nowhere", self._operation.place)

    def _body(self) -> Iterator[Difference]:
        content, request = self._operation.body, self._request
        if content is None or not request.body:
            if content is not None and content.required and content.media and request.method not in ("GET", "HEAD"):
                yield self._say(
                    WARN, "missing", "request body", "is documented as required, and missing", self._operation.place
                )
            return
        media = media_type(request.headers) or _guessed(request.body, content)
        documented, schema = content.of(media)
        if not documented and content.media and media:
            yield self._say(WARN, "undocumented-content", "request body", f"is {media}, documented: {_listed(content)}", self._operation.place)  # fmt: skip
        if not documented or schema is None:
            return
        form = media == "application/x-www-form-urlencoded"
        body = self._parsed("request body", request.headers, request.body, media, form=form)
        if body is _NOTHING:
            return
        walk = Walk(Side.REQUEST, text=form)
        self._spec.schemas.of(schema).judge(body, walk, None)
        yield from self._noted(walk.notes, "request body")

    def _answered(self) -> Iterator[Difference]:
        """The response's side."""
        response, operation = self._response, self._operation
        content = operation.answer(response.status)
        where = f"response {response.status}"
        if content is None:
            common = response.status in _UNIVERSAL or response.status >= 500 or response.status // 100 in (1, 3)
            told = f"is documented nowhere, documented: {', '.join(operation.responses) or 'none'}"
            if not operation.partial:
                yield self._say(INFORM if common else WARN, "undocumented-status", where, told, operation.place)
            return
        if not response.body or self._request.method == "HEAD" or response.status in _NO_BODY or response.status >= 500:
            return
        media = media_type(response.headers) or _guessed(response.body, content)
        documented, schema = content.of(media)
        if not documented and content.media:
            if media and not (response.status >= 400 and not is_json(media)):  # a gateway's page
                yield self._say(WARN, "undocumented-content", f"{where} body", f"is {media}, documented: {_listed(content)}", operation.place)  # fmt: skip
            return
        if schema is None:
            return
        body = self._parsed(f"{where} body", response.headers, response.body, media, form=False)
        if body is _NOTHING:
            return
        walk = Walk(Side.RESPONSE)
        self._spec.schemas.of(schema).judge(body, walk, None)
        yield from self._noted(walk.notes, where)

    def _parsed(self, where: str, fields: Fields, body: bytes, media: str, *, form: bool) -> Any:
        """`_NOTHING` where it cannot be read; why is kept."""
        try:
            plain = decoded(fields, body)
            if form:
                return forms.nest(parse_qsl(plain.decode(), keep_blank_values=True))
            if is_json(media):
                return json.loads(plain)
            self._reasons.append(f"{where}: {media} is not read")
        except Undecodable as torn:
            self._reasons.append(f"{where}: {torn}")
        except (ValueError, RecursionError):
            if not redacted(plain[:80].decode("latin-1").strip()):
                self._reasons.append(f"{where}: it says {media} and is none")
        return _NOTHING

    def _noted(self, notes: list[Note], where: str) -> Iterator[Difference]:
        response = where.startswith("response")
        for note in notes:
            whole = where + (f" {path}" if (path := shown(note.path)) else "")
            if note.kind == "deprecated":
                instead = successor.of_place(self._spec, note.place)
                yield self._say(INFORM if response else FAIL, "deprecated-field", whole, note.told, note.place, instead)
            elif note.kind in ("unknown", "extra"):
                yield self._say(INFORM if response else WARN, "undocumented-field", whole, note.told, note.place)
            elif note.kind == "missing" and not response and note.path is not None and self._withheld(note.path[1]):
                continue
            else:
                # `/users/me` where a number is documented: the server has known what was meant.
                severity = min(_SEVERITY[note.kind], WARN) if where.startswith("path") else _SEVERITY[note.kind]
                yield self._say(severity, note.kind, whole, note.told, note.place)

    def _say(self, severity: Severity, kind: str, where: str, told: str, place: Place | None, instead: str = "") -> Difference:  # fmt: skip
        return _of(severity, kind, str(self._operation), where, told, successor=instead, source=str(place) if place is not None else "")  # fmt: skip


_NOTHING = object()


def _guessed(body: bytes, content: Content) -> str:
    """Without a Content-Type: what the body looks like, or the only one that there is."""
    if body.lstrip()[:1] in (b"{", b"["):
        return next((name for name in content.media if is_json(name)), "application/json")
    return next((name for name in content.media if not is_json(name)), "")


def _listed(content: Content) -> str:
    return ", ".join(content.media)
