"""Operations as both kinds of specification come down to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..fields import is_json
from .document import Place

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One that a request may carry outside its body."""

    name: str
    where: Literal["query", "header", "path", "cookie"]
    required: bool
    deprecated: bool
    style: str
    """`form`, `simple`, `deepObject`, `spaceDelimited`, `pipeDelimited`, `json`; a Swagger 2 one in these words."""
    explode: bool
    schema: Place | None
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Of a request or a response: media type -> schema. Empty where nothing is said of it."""

    media: Mapping[str, Place | None]
    required: bool = False

    def of(self, media: str) -> tuple[bool, Place | None]:
        """Whether a media type is documented, and its schema; ranges such as `application/*` are tried last. One kind of
        JSON stands for another: `application/vnd.example.v2+json` for `application/json`."""
        for tried in (media, f"{media.partition('/')[0]}/*", "*/*", "*"):
            if tried in self.media:
                return True, self.media[tried]
        alike = [name for name in self.media if is_json(name)] if is_json(media) else []
        return (True, self.media[alike[0]]) if alike else (False, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    """In capitals."""
    template: str
    """With the servers' base path: `/v1/invoices/{id}`."""
    deprecated: bool
    parameters: tuple[Parameter, ...]
    body: Content | None
    responses: Mapping[str, Content]
    """By status as written: `200`, `4XX`, `default`."""
    place: Place
    partial: bool = False
    """A part of it stands elsewhere on the network: what is not here may be there."""

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    def answer(self, status: int) -> Content | None:
        """What is documented of a status."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.responses:
                return self.responses[key]
        return None


def media_of(content: Place | None) -> dict[str, Place | None]:
    """`content` of OpenAPI 3, media types without their parameters."""
    found: dict[str, Place | None] = {}
    for name, part in content.items() if content is not None else ():
        target = part.followed()
        found[name.partition(";")[0].strip().lower()] = target.get("schema") if target is not None else None
    return found


def three(method: str, template: str, item: Place, place: Place) -> Operation:
    """Of OpenAPI 3.0 and 3.1."""
    body = place.get("requestBody")
    followed = body.followed() if body is not None else None
    responses = {}
    for status, part in _parts(place.get("responses")):
        responses[status] = Content(media=media_of(part.get("content")))
    return Operation(
        method=method.upper(),
        template=template,
        deprecated=_deprecated(place),
        parameters=tuple(_three_parameter(part) for part in _parameters(item, place)),
        body=Content(media=media_of(followed.get("content")), required=followed.mapping().get("required") is True)
        if followed is not None
        else None,
        responses=responses,
        place=place,
        partial=_is_partial(item, place),
    )


def _three_parameter(place: Place) -> Parameter:
    node = place.mapping()
    where = str(node.get("in"))
    content = place.get("content")
    style = "json" if content is not None else str(node.get("style") or ("simple" if where in ("path", "header") else "form"))  # fmt: skip
    schema = place.get("schema") if content is None else next(iter(media_of(content).values()), None)
    explode = node.get("explode")
    return Parameter(
        name=str(node.get("name")),
        where=where,  # type: ignore[arg-type]  # another word is never asked for
        required=node.get("required") is True,
        deprecated=_deprecated(place) or (schema is not None and _deprecated(schema.followed())),
        style=style,
        explode=style == "form" if explode is None else explode is True,
        schema=schema,
        place=place,
    )


def two(method: str, template: str, item: Place, place: Place, root: Place) -> Operation:
    """Of Swagger 2: body and form are parameters, media types stand apart."""
    parameters = _parameters(item, place)
    consumes = _media(place, root, "consumes")
    body = next((part for part in parameters if part.mapping().get("in") == "body"), None)
    form = [part for part in parameters if part.mapping().get("in") == "formData"]
    content = None
    if body is not None:
        schema = body.get("schema")
        content = Content(
            media=dict.fromkeys(consumes or ["application/json"], schema),
            required=body.mapping().get("required") is True,
        )
    elif form:
        media = [name for name in consumes if "form" in name] or [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
        ]
        content = Content(media=dict.fromkeys(media, _form(place, form)))
    produces = _media(place, root, "produces")
    responses = {}
    for status, part in _parts(place.get("responses")):
        schema = part.get("schema")
        responses[status] = Content(media=dict.fromkeys(produces or ["*/*"], schema) if schema is not None else {})
    return Operation(
        method=method.upper(),
        template=template,
        deprecated=_deprecated(place),
        parameters=tuple(
            _two_parameter(part) for part in parameters if part.mapping().get("in") in ("query", "header", "path")
        ),
        body=content,
        responses=responses,
        place=place,
        partial=_is_partial(item, place),
    )


_COLLECTIONS = {"csv": ("form", False), "multi": ("form", True), "ssv": ("spaceDelimited", False), "pipes": ("pipeDelimited", False), "tsv": ("tabDelimited", False)}  # fmt: skip


def _two_parameter(place: Place) -> Parameter:
    node = place.mapping()
    style, explode = _COLLECTIONS.get(str(node.get("collectionFormat", "csv")), ("form", False))
    return Parameter(
        name=str(node.get("name")),
        where=node.get("in"),  # type: ignore[arg-type]
        required=node.get("required") is True,
        deprecated=_deprecated(place),
        style=style,
        explode=explode,
        schema=_without(place, "required"),
        place=place,
    )


def _without(place: Place, *names: str) -> Place:
    """The parameter as its own schema: `required` there is about itself, not about fields."""
    node = {name: part for name, part in place.mapping().items() if name not in names}
    return Place(place.files, place.file, f"{place.pointer}/schema", node)


def _form(place: Place, fields: list[Place]) -> Place:
    """Form parameters as one object."""
    node = {
        "type": "object",
        "properties": {str(part.mapping().get("name")): _without(part, "required").node for part in fields},
        "required": [str(part.mapping().get("name")) for part in fields if part.mapping().get("required") is True],
    }
    return Place(place.files, place.file, f"{place.pointer}/form", node)


def _media(place: Place, root: Place, name: str) -> list[str]:
    said = place.mapping().get(name, root.mapping().get(name))
    return [str(one).partition(";")[0].strip().lower() for one in said] if isinstance(said, list) else []


def _parameters(item: Place, place: Place) -> list[Place]:
    """Of the path and of the operation, whose own come before the path's of the same name."""
    found: dict[tuple[str, str], Place] = {}
    for holder in (item, place):
        listed = holder.get("parameters")
        for part in listed.elements() if listed is not None else ():
            followed = part.followed()
            if followed is not None:
                name = str(followed.mapping().get("name"))
                where = str(followed.mapping().get("in"))
                found[(name.lower() if where == "header" else name, where)] = followed
    return list(found.values())


def _is_partial(item: Place, place: Place) -> bool:
    """A parameter or response is not followed."""
    listed = [part for holder in (item, place) if (found := holder.get("parameters")) for part in found.elements()]
    responses = place.get("responses")
    answers = [part for _, part in responses.items()] if responses is not None else []
    return any(part.followed() is None for part in (*listed, *answers))


def _parts(listed: Place | None) -> list[tuple[str, Place]]:
    found = []
    for name, part in listed.items() if listed is not None else ():
        followed = part.followed()
        if followed is not None:
            found.append((name, followed))
    return found


def _deprecated(place: Place | None) -> bool:
    node = place.mapping() if place is not None else {}
    return node.get("deprecated") is True or node.get("x-deprecated") is True
