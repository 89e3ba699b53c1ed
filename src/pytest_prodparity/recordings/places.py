"""Where in a request and a response secrets stand: by the name of the place, and by how vendors' keys look."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from .exchange import Exchange, Fields
from .placeholders import JWT, unpadded


class Found(NamedTuple):
    """One secret."""

    value: str
    kind: str
    """Such as `access_token`; never the value."""


_FIELD = re.compile(
    r"(?:.*[_-])?(?:tokens?|secret|secret_?access_?key|password|passwd|passphrase|pwd|api_?key|app_?key|access_?key|"
    r"access_?key_?id|private_?key|signing_?key|subscription_?key|credentials?|session|session_?(?:id|key|token)|sid|jwt|otp|totp|"
    r"signature|sig|hmac|assertion|code_?verifier|device_?code|user_?code|auth(?:orization)?_?code|csrf|xsrf|"
    r"authenticity_?token|samlresponse|ticket|bearer|pin|recovery_?codes?|webhook_?secret|auth)"
)
_PUBLIC = re.compile(r"(?:.*[_-])?(?:public|publishable)[_-].*|.*token_?type|.*_endpoint|code_challenge_method")
_HEADER = re.compile(
    r"authorization|proxy-authorization|cookie|(?:x-)?api-?key|.*[-_](?:token|key|secret|signature|session|sig|password|credential)|"
    r"dpop|x-csrf.*|x-xsrf.*|authentication|token|apikey|signature|x-auth"
)
_PLAIN_HEADERS = frozenset(
    {"idempotency-key", "x-idempotency-key", "surrogate-key", "sec-websocket-key", "cache-key", "x-cache-key"}
)
"""Named like keys, and nobody's secret."""
_QUERY_KEY = 16
"""A bare `key=` is one from this length on."""
_LOOKS = re.compile(
    rb"(?:AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{20,}|"
    rb"xox[abprs]-[A-Za-z0-9-]{10,}|(?:sk|rk|pk|whsec)_(?:live|test)?_?[A-Za-z0-9]{16,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{35}|"
    rb"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|"
    rb"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----"
)
_HIDDEN = re.compile(r"<(?:input|meta)\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(\w[\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ELEMENT = re.compile(r"<(?:\w+:)?(\w+)>([^<>]+)</")
_PART = re.compile(rb'name="([^"]+)"(?:\r?\n[^\r\n]+)*\r?\n\r?\n(.*?)\r?\n--', re.DOTALL)
_NEVER = frozenset({"", "true", "false", "null", "none", "undefined", "bearer", "basic"})


def sensitive(name: str) -> bool:
    """Does a field of this name hold a secret?"""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().rstrip("[]")
    return bool(_FIELD.fullmatch(plain)) and not _PUBLIC.fullmatch(plain)


def secret_header(name: str) -> bool:
    """Does a header field of this name hold a secret?"""
    plain = name.lower()
    return bool(_HEADER.fullmatch(plain)) and plain not in _PLAIN_HEADERS


def of(exchange: Exchange) -> Iterator[Found]:
    """Every secret of one exchange, as far as its place or its look tells."""
    request, response = exchange.request, exchange.response
    yield from of_url(request.url)
    yield from of_headers(request.headers)
    yield from of_body(request.body, request.headers, sent=True)
    yield from of_headers(response.headers)
    yield from of_body(response.body, response.headers, sent=False)


def of_url(url: str) -> Iterator[Found]:
    """Password, query and fragment."""
    try:
        parts = urlsplit(url)
        password, user = parts.password, parts.username
    except ValueError:
        return
    if password:
        yield Found(unquote(password), "password")
    elif user:
        yield Found(unquote(user), "api_key")
    for query in (parts.query, parts.fragment):
        pairs = parse_qsl(query)
        # A sign-in leads back with a code and the state that it was asked with.
        returns = any(name in ("state", "session_state", "iss", "scope", "grant_type") for name, _ in pairs)
        for name, value in pairs:
            yield from _of_pair(name, value, sent=True, code=returns or len(value) >= 16)
            if "://" in value:
                yield from of_url(value)
    yield from looks(url.encode("utf-8", "surrogatepass"))


def _of_pair(name: str, value: str, *, sent: bool, code: bool = False) -> Iterator[Found]:
    plain = name.lower()
    if value.lower() in _NEVER:
        return
    if plain.startswith("x-amz-"):
        if plain == "x-amz-credential":
            yield Found(value.partition("/")[0], "access_key_id")
        elif plain in ("x-amz-signature", "x-amz-security-token"):
            yield Found(value, plain[6:].replace("-", "_"))
        return
    if (plain == "code" and code) or (plain == "key" and len(value) >= _QUERY_KEY):
        yield Found(value, "code" if plain == "code" else "api_key")
    elif sensitive(name) and (sent or _secretive(value)):
        yield Found(value, re.sub(r"\W", "_", name)[:24])


def _secretive(value: str) -> bool:
    """What a server answers in a field of such a name need not be a secret: `"password": "required"`."""
    if "://" in value or any(letter.isspace() for letter in value.strip()):
        return False
    return len(value) >= 12 or (len(value) >= 6 and any(letter.isdigit() for letter in value))


def of_headers(headers: Fields) -> Iterator[Found]:
    """Of a request or a response."""
    for name, value in headers:
        plain = name.lower()
        if plain in ("authorization", "proxy-authorization", "authentication"):
            yield from _of_authorization(value)
        elif plain == "cookie":
            for part in value.split(";"):
                cookie, _, content = part.strip().partition("=")
                yield from _of_cookie(cookie, content)
        elif plain == "set-cookie":
            cookie, _, content = value.partition(";")[0].partition("=")
            yield from _of_cookie(cookie.strip(), content.strip())
        elif plain in ("location", "content-location", "refresh", "link", "referer"):
            for url in re.findall(r"[^\s<>;,]*[?#@][^\s<>;,]*", value):
                yield from of_url(url)
        elif secret_header(name) and value.lower() not in _NEVER:
            yield Found(value.strip(), re.sub(r"\W", "_", plain.removeprefix("x-"))[:24])
        yield from looks(value.encode("utf-8", "surrogatepass"))


def _of_authorization(value: str) -> Iterator[Found]:
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    plain = scheme.lower()
    if not rest:
        yield Found(scheme, "api_key")
    elif plain == "basic":
        try:
            user, colon, password = base64.b64decode(rest).decode("utf-8", "replace").partition(":")
        except (ValueError, binascii.Error):
            yield Found(rest, "basic")
            return
        if password:
            yield Found(password, "password")
        elif user and colon:
            yield Found(user, "api_key")
        yield Found(rest, "basic")
    elif "=" in rest and re.search(r"[\w-]+=", rest) and ("," in rest or '"' in rest):
        for name, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^,\s]+))', rest):
            content = quoted or bare
            if name.lower() == "credential":
                yield Found(content.partition("/")[0], "access_key_id")
            elif name.lower() in (
                "signature",
                "response",
                "mac",
                "oauth_signature",
                "token",
                "oauth_token",
                "key",
                "api_key",
            ):
                yield Found(unquote(content), name.lower())
    elif ":" in rest and plain not in ("bearer", "token", "dpop"):
        yield Found(rest.rpartition(":")[2], "signature")
        yield Found(rest.partition(":")[0], "access_key_id")
    else:
        yield Found(rest, "access_token" if plain in ("bearer", "token", "dpop") else plain[:16])


def _of_cookie(name: str, value: str) -> Iterator[Found]:
    value = value.strip('"')
    if value.lower() not in _NEVER and (len(value) >= 8 or sensitive(name)):
        yield Found(unquote(value), "cookie")
        if unquote(value) != value:
            yield Found(value, "cookie")


def of_body(body: bytes, headers: Fields, *, sent: bool) -> Iterator[Found]:
    """JSON, forms, multipart, HTML and XML, whatever the content type claims."""
    if not body:
        return
    yield from looks(body)
    head = body[:64].lstrip()
    if head[:1] in (b"{", b"["):
        yield from _of_json(body, sent=sent)
        return
    kind = next((value.lower() for name, value in headers if name.lower() == "content-type"), "")
    if "multipart/" in kind or (sent and head.startswith(b"--")):
        for name, content in _PART.findall(body):
            yield from _of_pair(name.decode("utf-8", "replace"), content.decode("utf-8", "replace"), sent=True)
        return
    text = body.decode("utf-8", "replace")
    if head[:1] == b"<":
        yield from _of_markup(text, sent=sent)
    elif sent or "urlencoded" in kind:
        pairs = parse_qsl(text)
        granting = any(name == "grant_type" for name, _ in pairs)
        for name, value in pairs:
            yield from _of_pair(name, value, sent=sent, code=granting)


def _of_json(body: bytes, *, sent: bool) -> Iterator[Found]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        for line in body.splitlines():
            if line.strip()[:1] == b"{" and len(line) < len(body):
                yield from _of_json(line, sent=sent)
        return
    waiting: list[tuple[str, Any]] = [("", data)]
    granting = isinstance(data, dict) and "grant_type" in data
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            key = "kty" in value
            for inner, content in value.items():
                if key and inner in ("d", "p", "q", "k", "dp", "dq", "qi") and isinstance(content, str):
                    yield Found(content, "private_key")
                else:
                    waiting.append((inner, content))
        elif isinstance(value, list):
            waiting.extend((name, content) for content in value)
        elif isinstance(value, str):
            yield from _of_pair(name, value, sent=sent, code=granting)
            if "?" in value and "://" in value:
                yield from of_url(value)
        elif isinstance(value, int) and not isinstance(value, bool) and sent and sensitive(name):
            yield Found(str(value), re.sub(r"\W", "_", name)[:24])


def _of_markup(text: str, *, sent: bool) -> Iterator[Found]:
    for tag in _HIDDEN.findall(text):
        attributes = {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(tag)}
        name, value = attributes.get("name", ""), attributes.get("value") or attributes.get("content") or ""
        if value and sensitive(name) and _secretive(value):
            yield Found(value, re.sub(r"\W", "_", name).strip("_")[:24])
    for name, value in _ELEMENT.findall(text):
        yield from _of_pair(name, value.strip(), sent=sent)
    for url in re.findall(r"""(?:href|action|src)=["']([^"']*\?[^"']*)["']""", text):
        yield from of_url(url.replace("&amp;", "&"))


def looks(data: bytes) -> Iterator[Found]:
    """What is a secret wherever it stands."""
    for found in _LOOKS.findall(data):
        yield Found(found.decode(), "private_key" if found.startswith(b"-----") else "api_key")
    if b"eyJ" in data:
        for token in JWT.findall(data.decode("utf-8", "replace")):
            try:
                if isinstance(json.loads(unpadded(token.partition(".")[0])), dict):
                    yield Found(token, "jwt")
            except ValueError:
                continue
