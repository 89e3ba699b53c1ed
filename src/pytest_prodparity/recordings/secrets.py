"""The secrets of one cassette: learned where they are issued and used, and replaced by placeholders everywhere."""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote, quote_plus

from . import jwt, places
from .exchange import Exchange, Fields
from .placeholders import JWT, challenge, placeholder

SHORT = 8
"""A shorter secret is told from other text by what stands around it, and one of less than `LEAST` only by its place."""
LEAST = 4
SECRET_VARIABLE = re.compile(
    r".*(TOKEN|SECRET|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|AUTH(?!OR)|_KEY$|_PWD$|_DSN$).*", re.IGNORECASE
)
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")
_DEEP = 3
_FORM_WAYS: tuple[Callable[[str], str], ...] = (
    quote_plus,
    lambda text: quote(text, safe=""),
    quote,
    lambda text: _lower(quote_plus(text)),
)
"""As form-encoding clients write a value before they encode it once more."""


class Vault:
    """Every secret of a cassette, with its kind and placeholder."""

    def __init__(
        self, environment: Mapping[str, str], declared: Iterable[str] = (), harmless: Iterable[str] = ()
    ) -> None:
        self._harmless = frozenset(harmless)
        self._counts: dict[str, int] = {}
        self.kinds: dict[str, str] = {}
        """By secret."""
        self.placeholders: dict[str, str] = {}
        """By secret."""
        self._made: set[str] = set()
        self.variables: dict[str, str] = {}
        """Environment variables, and the secrets in them."""
        self._rest: dict[str, str] = {}
        """Variables that hold no secret by their look, and may turn out to."""
        self._forms: dict[str, tuple[str, Callable[[str], str]]] = {}
        """Values of variables as forms and URLs write them, with how."""
        self._rules: list[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]] | None = None
        named = set(declared)
        for name, value in environment.items():
            if name in named and value:
                self.variables[name] = value
            elif value and value not in self._harmless and _may_be_secret(name, value):
                (self.variables if _secretive(value) and SECRET_VARIABLE.fullmatch(name) else self._rest)[name] = value
        for secret in (*self.variables.values(), *self._rest.values()):
            for way in _FORM_WAYS:
                if (form := way(secret)) != secret:
                    self._forms.setdefault(form, (secret, way))
        for name, value in self.variables.items():
            if name in named:
                self.learn(value, name.lower())

    def learn(self, value: str, kind: str) -> None:
        """A secret of a kind; placeholders are none, and what is declared harmless is none."""
        if not value or value in self.kinds or value in self._made or value in self._harmless:
            return
        if value in self._forms:
            raw, way = self._forms[value]
            self.learn(raw, kind)
            if raw in self.placeholders:
                self._keep(value, kind, way(self.placeholders[raw]))
            return
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        made = placeholder(value, kind, number)
        while made == value or made in self._made or made in self.kinds:
            number = self._counts[kind] = number + 1000
            made = placeholder(value, kind, number)
            if number > 20_000:
                break  # of one or two characters there are only so many
        if JWT.fullmatch(value):
            made = self._signed_again(value, made)
        self._keep(value, kind, made)
        if kind == "code_verifier":
            self._keep(challenge(value), "code_challenge", challenge(made))

    def _signed_again(self, value: str, made: str) -> str:
        """A token that one of the secrets has signed, signed with the placeholder of that secret."""
        given = {**self._rest, **self.variables}
        for name, secret in (*given.items(), *((kind, one) for one, kind in self.kinds.items())):
            if len(secret) >= LEAST and (way := jwt.key_of(value, secret)) is not None:
                self.learn(secret, name.lower())
                return jwt.signed_with(made, self.placeholders.get(secret, secret), way)
        return made

    def stand(self, value: str, made: str) -> None:
        """This placeholder stands for that value."""
        self._keep(value, "value", made)

    def _keep(self, value: str, kind: str, made: str) -> None:
        self.kinds[value] = kind
        self.placeholders[value] = made
        self._made.add(made)
        self._rules = None

    def learn_from(self, exchange: Exchange) -> None:
        """What one exchange issues and uses."""
        for value, kind in places.of(exchange):
            if kind != "basic":
                self.learn(value, kind)
        seen = None
        for name, value in self.variables.items():
            if value not in self.kinds:
                seen = _text(exchange) if seen is None else seen
                if value.encode("utf-8", "surrogateescape") in seen:
                    self.learn(value, name.lower())

    @property
    def known(self) -> dict[str, str]:
        """Secret to kind: what must not be in the final bytes, the environment's among them."""
        rest = {value: f"environment variable {name}" for name, value in self.variables.items()}
        # A JWT is the signature that makes it one; what it says is told to everybody.
        signatures = {
            value.rpartition(".")[2]: f"signature of a {kind}"
            for value, kind in self.kinds.items()
            if JWT.fullmatch(value)
        }
        return {**rest, **signatures, **self.kinds}

    @property
    def unused(self) -> dict[str, str]:
        """Variables that hold what was not met yet, with their values."""
        return {name: value for name, value in self.variables.items() if value not in self.kinds}

    @property
    def environment(self) -> dict[str, str]:
        """The variables whose values were used, with what stands for them."""
        given = {**self._rest, **self.variables}
        return {name: self.placeholders[value] for name, value in given.items() if value in self.placeholders}

    # --- replacing

    def hidden(self, exchange: Exchange) -> Exchange:
        """The same exchange with placeholders for secrets."""
        request, response = exchange.request, exchange.response
        return replace(
            exchange,
            request=replace(
                request,
                url=self.text(request.url),
                headers=self.fields(request.headers),
                body=self.body(request.body, request.headers, sent=True),
            ),
            response=replace(
                response,
                reason=self.text(response.reason),
                headers=self.fields(response.headers),
                body=self.body(response.body, response.headers, sent=False),
            ),
        )

    def fields(self, fields: Fields) -> Fields:
        """Header fields."""
        return tuple((name, self.field(name, value)) for name, value in fields)

    def field(self, name: str, value: str) -> str:
        """A header field's value."""
        plain = name.lower()
        if plain in ("authorization", "proxy-authorization") and value[:6].lower() == "basic ":
            try:
                decoded = base64.b64decode(value[6:].strip(), validate=True).decode("utf-8")
            except (ValueError, binascii.Error):
                return value[:6] + self.text(value[6:])
            user, colon, password = decoded.partition(":")
            made = f"{self._whole(user)}{colon}{self._whole(password)}"
            if made == decoded:
                return value  # how it is written is the client's
            return value[:6] + base64.b64encode(made.encode()).decode()
        if plain in ("cookie", "set-cookie") or places.secret_header(name):
            # A short one is known by its place.
            value = re.sub(r"[^\s;=,\"]+", lambda found: self._whole(found[0]), value)
        return self.text(value)

    def _whole(self, text: str) -> str:
        return self.placeholders.get(text) or self.text(text)

    def body(self, body: bytes, headers: Fields, *, sent: bool) -> bytes:
        """A body; short secrets are replaced in the fields in which they were learned."""
        short = [value for value in self.placeholders if len(value) < LEAST]
        if short and body:
            for value, _kind in places.of_body(body, headers, sent=sent):
                if value in short:
                    body = _in_field(body, value, self.placeholders[value])
        return self.data(body)

    def text(self, text: str) -> str:
        """Any text."""
        return self.data(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def data(self, data: bytes, depth: int = 0) -> bytes:
        """Any bytes: plain, in the encodings of URLs, JSON and HTML, in hexadecimal, and inside base64."""
        if not data or not self.placeholders:
            return data
        for pattern, made in self._compiled():
            data = pattern.sub(made, data)
        if depth < _DEEP:
            data = _RUN.sub(lambda run: self._inside(run[0], depth), data)
        return data

    def _inside(self, run: bytes, depth: int) -> bytes:
        """A run of base64, decoded from each of its first four letters on, and put together again."""
        url = b"-" in run or b"_" in run
        if url and (b"+" in run or b"/" in run):
            return run
        letters = run.rstrip(b"=")
        for start in range(4):
            part = letters[start:]
            part = part[: len(part) // 4 * 4] if len(part) % 4 == 1 else part
            try:
                decoded = base64.b64decode(part + b"=" * (-len(part) % 4), b"-_" if url else b"+/", validate=True)
            except (ValueError, binascii.Error):
                continue
            made = self.data(decoded, depth + 1)
            if made != decoded and (start == 0 or len(made) == len(decoded)):
                encoded = base64.b64encode(made, b"-_" if url else b"+/").rstrip(b"=")
                return letters[:start] + encoded + letters[start + len(part) :] + run[len(letters) :]
        return run

    def _compiled(self) -> list[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]]:
        """One pattern for all long ones, one for the short: longest first, so that no part is taken for the whole."""
        if self._rules is None:
            long: dict[bytes, bytes] = {}
            short: dict[bytes, bytes] = {}
            for value, made in self.placeholders.items():
                if len(value) >= LEAST:
                    (long if len(value) >= SHORT else short).update(_written(value, made))
            for value, made in self.placeholders.items():
                if JWT.fullmatch(value):
                    long.setdefault(value.rpartition(".")[2].encode(), made.rpartition(".")[2].encode())
            self._rules = [
                (_any(table, edges), lambda found, table=table: table[found[0]])  # type: ignore[misc]
                for table, edges in ((long, False), (short, True))
                if table
            ]
        return self._rules


def _any(table: Mapping[bytes, bytes], edges: bool) -> re.Pattern[bytes]:
    words = b"|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
    return re.compile(rb"(?<![A-Za-z0-9])(?:%s)(?![A-Za-z0-9])" % words if edges else words)


def _written(value: str, made: str) -> dict[bytes, bytes]:
    """How a value is written in URLs, JSON, HTML, and in hexadecimal; each with its placeholder written alike."""
    ways: list[Callable[[str], str]] = [
        lambda text: text,
        lambda text: quote(text, safe=""),
        quote,
        quote_plus,
        lambda text: _lower(quote(text, safe="")),
        lambda text: quote(quote(text, safe=""), safe=""),
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
        lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
        html.escape,
        lambda text: html.escape(text, quote=False),
        lambda text: text.encode("utf-8", "surrogateescape").hex(),
        lambda text: text.encode("utf-8", "surrogateescape").hex().upper(),
    ]
    table: dict[bytes, bytes] = {}
    for way in ways:
        try:
            table.setdefault(
                way(value).encode("utf-8", "surrogateescape"), way(made).encode("utf-8", "surrogateescape")
            )
        except UnicodeEncodeError:
            continue
    for coding in ("utf-16-le", "utf-16-be"):
        table.setdefault(value.encode(coding, "replace"), made.encode(coding, "replace"))
    return table


def _may_be_secret(name: str, value: str) -> bool:
    """Of a variable that nobody declared: that something sent is the same is no accident."""
    return bool(SECRET_VARIABLE.fullmatch(name)) or len(value) >= 12


def _secretive(value: str) -> bool:
    """Of a variable that nobody declared: `API_KEY_HEADER=X-Api-Key` is none."""
    return len(value) >= 12 and any(letter.isdigit() for letter in value) and not re.search(r"\s|^[/.~]", value)


def _lower(text: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def _in_field(body: bytes, value: str, made: str) -> bytes:
    """A value that is all of a field's content."""
    old, new = re.escape(value.encode()), made.encode()
    return re.sub(rb'(?<=[=:"\'>\n])(\s*)' + old + rb'(?=["\'&<,}\]\r\n]|\s|$)', lambda found: found[1] + new, body)


def _text(exchange: Exchange) -> bytes:
    request, response = exchange.request, exchange.response
    heads = "\n".join(value for _, value in (*request.headers, *response.headers))
    return b"\n".join((f"{request.url}\n{heads}".encode("utf-8", "surrogateescape"), request.body, response.body))
