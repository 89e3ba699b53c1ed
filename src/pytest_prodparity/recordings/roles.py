"""What a field is for, told by its name and the look of its value: never by a vendor."""

from __future__ import annotations

import itertools
import re
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SPLIT = re.compile(r"[^A-Za-z0-9]+")
_UUID = re.compile(r"^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$")
_DATED = re.compile(r"^\d{4}-?\d\d-?\d\d([T ]\d\d:?\d\d(:?\d\d)?([.,]\d+)?(Z|[+-]\d\d:?\d\d)?)?$")
_EPOCH = re.compile(r"^\x00?1[4-9]\d{8}(\d{3}|\d{6})?(\.\d+)?$")

# the value is a secret wherever a field with such a word stands
_STRONG = frozenset(
    [
        "token",
        "accesstoken",
        "refreshtoken",
        "authtoken",
        "secret",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "passcode",
        "otp",
        "totp",
        "csrf",
        "xsrf",
        "csrftoken",
        "xsrftoken",
        "csrfmiddlewaretoken",
        "authenticity",
        "apikey",
        "appkey",
        "sessionid",
        "sessid",
        "jsessionid",
        "phpsessid",
        "jwt",
        "assertion",
        "authorization",
        "credential",
        "credentials",
        "bearer",
        "clientsecret",
        "hmac",
        "signature",
        "requestverificationtoken",
    ]
)
_STRONG_PAIRS = frozenset(
    {
        ("api", "key"), ("app", "key"), ("access", "key"), ("secret", "key"), ("subscription", "key"), ("auth", "key"),
        ("device", "code"), ("auth", "code"), ("mfa", "code"), ("session", "id"), ("license", "key"), ("private", "key"),
        ("session", "key"), ("functions", "key"), ("account", "key"), ("service", "key"),
    }
)  # fmt: skip
# the value is a secret there if it also looks like one
_WEAK = frozenset(
    [
        "key",
        "code",
        "ticket",
        "session",
        "sid",
        "sig",
        "sign",
        "nonce",
        "auth",
        "access",
        "refresh",
        "appid",
        "apitoken",
        "verification",
    ]
)
# a field that says something about a secret, or chooses what is answered
_NOT = frozenset(
    [
        "page",
        "next",
        "continuation",
        "cursor",
        "sync",
        "start",
        "resume",
        "pagination",
        "delta",
        "prev",
        "previous",
        "type",
        "hint",
        "endpoint",
        "uri",
        "url",
        "method",
        "time",
        "expires",
        "expiry",
        "in",
        "at",
        "scope",
        "scopes",
        "supported",
        "alg",
        "count",
        "limit",
        "length",
        "version",
        "state",
        "date",
        "max",
        "min",
    ]
)
_PAGES = frozenset(
    [
        "page",
        "next",
        "continuation",
        "cursor",
        "sync",
        "start",
        "resume",
        "pagination",
        "delta",
        "prev",
        "previous",
        "after",
        "before",
    ]
)
_HEADERS_NOT = frozenset(
    {
        "idempotency-key", "x-idempotency-key", "sec-websocket-key", "x-amz-content-sha256", "x-amz-date", "x-amz-target",
        "amz-sdk-invocation-id", "amz-sdk-request", "x-amz-user-agent", "sec-fetch-site", "cache-key", "surrogate-key",
        "access-control-request-headers", "access-control-request-method", "x-csrf-protection",
    }
)  # fmt: skip
_HEADER_PAIRS = frozenset({("client", "id"), ("app", "id"), ("application", "id"), ("key", "id")})
_ALWAYS_OWN = frozenset(
    [
        "codeverifier",
        "codechallenge",
        "nonce",
        "cnonce",
        "idempotencykey",
        "requestid",
        "clientrequestid",
        "correlationid",
        "traceid",
        "spanid",
        "jti",
        "oauthnonce",
        "oauthtimestamp",
        "amzdate",
        "xamzdate",
        "xamzsignature",
        "xamzcredential",
        "invocationid",
        "clienttoken",
    ]
)
_OWN_IF_TIME = frozenset(
    [
        "timestamp",
        "ts",
        "time",
        "date",
        "now",
        "requesttime",
        "senttime",
        "sentat",
        "createdat",
        "requestedat",
        "iat",
        "exp",
        "nbf",
    ]
)
_OWN_IF_RANDOM = frozenset(
    ["state", "nonce", "id", "uid", "uuid", "guid", "rid", "reference", "boundary", "cachebuster", "salt", "random"]
)
_REUSABLE_CSRF = frozenset({"csrfmiddlewaretoken", "authenticitytoken", "requestverificationtoken"})
_BORING_COOKIES = re.compile(
    r"^(_ga|_gid|_gat|_fbp|__cf|cf_|awsalb|incap|visid|nlbi|ak_|bm_|optanon|cookie_?consent|consent|lang|locale|theme|tz|"
    r"timezone|country|region|currency|ab_|exp_|_dd_|ajs_|mp_|intercom|hubspot)",
    re.IGNORECASE,
)
_SESSION_COOKIE = re.compile(r"sess|sid|auth|token|login|jwt|remember|csrf|xsrf|ident|user", re.IGNORECASE)


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """`X-Api-Key`, `apiKey` and `api_key` are all `api`, `key`; of `a.b.0.token` only the last name counts."""
    last = next((part for part in reversed(name.split(".")) if part and not part.isdigit()), name)
    found = [word.lower() for part in _SPLIT.split(last) if part for word in _CAMEL.split(part)]
    return tuple(word for word in found if word not in ("x", "")) or (last.lower(),)


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A name's words in one."""
    return "".join(words(name))


@lru_cache(maxsize=8192)
def looks_random(value: str) -> bool:
    """A value that nobody types: long, and of mixed kinds of characters."""
    if _UUID.match(value):
        return True
    if len(value) < 8 or " " in value or _DATED.match(value):
        return False
    if value.isdigit():
        return len(value) >= 16
    if value.isalpha() and (value.islower() or value.isupper() or value.istitle()):
        return len(value) >= 24
    return len(value) >= 16 or (any(c.isdigit() for c in value) and any(c.isalpha() for c in value))


def _looks_secret(value: str) -> bool:
    """Random, and not words with marks between them: a piece of it mixes letters and digits, or is long."""
    pieces = re.split(r"[-_./:]", value)
    return looks_random(value) and any(
        len(piece) >= 20 or (len(piece) >= 6 and any(c.isdigit() for c in piece) and any(c.isalpha() for c in piece))
        for piece in pieces
    )


def looks_timed(value: str) -> bool:
    """A date, or seconds or milliseconds since 1970 that lie in this age."""
    return bool(_DATED.match(value) or _EPOCH.match(value))


def client_made(value: str) -> bool:
    """A value that differs from run to run if the client makes it up: a UUID, a time, a long random string."""
    return bool(_UUID.match(value)) or looks_timed(value) or (len(value) >= 16 and _looks_secret(value))


@lru_cache(maxsize=8192)
def is_secret(name: str, value: str) -> bool:
    """The field proves who asks."""
    if len(value) < 2 or value.startswith("\x00"):
        return False
    parts = words(name)
    if _NOT.intersection(parts):
        return False
    if _STRONG.intersection(parts) or plain(name) in _STRONG:
        return True
    if any(pair in _STRONG_PAIRS for pair in itertools.pairwise(parts)):
        return True
    return bool(_WEAK.intersection(parts)) and len(parts) <= 2 and _looks_secret(value)


def is_secret_header(name: str, value: str) -> bool:
    """The same for a header; `name` in small letters."""
    if name in _HEADERS_NOT or name.startswith(("if-", "sec-", "accept", "content-", "x-b3-", "x-ratelimit")):
        return False
    parts = words(name)
    if any(pair in _HEADER_PAIRS for pair in itertools.pairwise(parts)):
        return True
    return is_secret(name, value) or ("auth" in parts and len(value) >= 8)


def is_own(name: str, value: str, *, oauth: bool = False) -> bool:
    """The client makes this value up for each request: it is matched by its role, not by its value."""
    key = plain(name)
    if key in _ALWAYS_OWN or (oauth and key in ("state", "requesturi")):
        return True
    if key in _OWN_IF_TIME and looks_timed(value):
        return True
    if key in ("otp", "totp", "mfacode", "otpcode") and value.isdigit():
        return True
    return name == "_" or (key in ("state", "cachebuster", "boundary", "salt") and looks_random(value))


def chooses(name: str) -> bool:
    """The field says where to go on: its value is the server's, however random it looks."""
    return bool(_PAGES.intersection(words(name)))


def is_signature(name: str) -> bool:
    """The value is computed from the request and a key that is never sent."""
    parts = words(name)
    return bool({"signature", "sig", "hmac", "sign", "signed"}.intersection(parts)) and "headers" not in parts


def is_csrf(name: str) -> bool:
    """A value that a page hands out so that only who read the page may post."""
    key = plain(name)
    return "csrf" in key or "xsrf" in key or key.startswith("authenticity") or "verificationtoken" in key


def known_reusable(name: str) -> bool:
    """Frameworks' own names for values that stay good for a whole session, although each page shows another one."""
    return plain(name) in _REUSABLE_CSRF


def is_session_cookie(name: str, *, http_only: bool) -> bool:
    """Not a language, a consent or a load balancer's cookie."""
    if _BORING_COOKIES.match(name):
        return False
    return http_only or bool(_SESSION_COOKIE.search(name))
