"""Planted secrets: however they are sent and answered, none is on disk."""

from __future__ import annotations

import base64
import gzip
import html
import json
import quopri
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_prodparity.recordings import store
from pytest_prodparity.recordings.exchange import Exchange, Fields, Request, Response
from pytest_prodparity.recordings.placeholders import padless, placeholder
from pytest_prodparity.recordings.scan import scan
from pytest_prodparity.recordings.secrets import Vault
from pytest_prodparity.recordings.store import SecretFound, Tape

S = "Zq8/wX+3rT=7mK_9pL-2vN"
"""Planted: with what URLs and base64 treat apart."""
PLAIN = "zq8wx3rt7mk9pl2vn5jd4"
TYPES = {
    "json": ("Content-Type", "application/json"),
    "form": ("Content-Type", "application/x-www-form-urlencoded"),
    "html": ("Content-Type", "text/html"),
    "xml": ("Content-Type", "application/xml"),
    "part": ("Content-Type", "multipart/form-data; boundary=b"),
}


def one(
    *,
    url: str = "https://api.example.com/x",
    sent: Fields = (),
    body: bytes = b"",
    came: Fields = (),
    answer: bytes = b"",
    method: str = "POST",
) -> Exchange:
    request = Request(method=method, url=url, headers=sent, body=body)
    return Exchange(number=0, request=request, response=Response(status=200, headers=came, body=answer), at=1.7e9)


def form(name: str, value: str = S) -> Exchange:
    return one(sent=(TYPES["form"],), body=f"a=1&{name}={quote_plus(value)}".encode())


def told(name: str, value: str = S) -> Exchange:
    return one(came=(TYPES["json"],), answer=json.dumps({"a": {"b": [{name: value}]}}).encode())


def header(name: str, value: str) -> Exchange:
    return one(sent=((name, value),))


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def jwt(signature: str = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg") -> str:
    head, claims = padless(b'{"alg":"HS256","typ":"JWT"}'), padless(b'{"sub":"ann","exp":1700003600,"jti":"j-81f2c9"}')
    return f"{head}.{claims}.{signature}"


PLACES: dict[str, tuple[Exchange, str]] = {
    "bearer": (header("Authorization", f"Bearer {S}"), S),
    "token scheme": (header("Authorization", f"Token {S}"), S),
    "bare authorization": (header("Authorization", S), S),
    "basic password": (header("Authorization", basic("ann", S)), S),
    "basic user": (header("Authorization", basic(S, "")), S),
    "digest response": (header("Authorization", f'Digest username="ann", nonce="1", response="{PLAIN}"'), PLAIN),
    "sigv4 signature": (
        header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential=AKIAQ7RW2KXJ5TYB3NVD/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={PLAIN}",
        ),
        PLAIN,
    ),
    "sigv4 key id": (
        header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAQ7RW2KXJ5TYB3NVD/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=ab12",
        ),
        "AKIAQ7RW2KXJ5TYB3NVD",
    ),
    "hmac": (header("Authorization", f"HMAC keyid-17:{PLAIN}"), PLAIN),
    "oauth 1": (header("Authorization", f'OAuth oauth_token="x1", oauth_signature="{quote(S, safe="")}"'), S),
    "proxy authorization": (header("Proxy-Authorization", f"Bearer {S}"), S),
    "x-api-key": (header("X-Api-Key", S), S),
    "api-key": (header("api-key", S), S),
    "x-auth-token": (header("X-Auth-Token", S), S),
    "security token": (header("X-Amz-Security-Token", S), S),
    "csrf header": (header("X-CSRFToken", S), S),
    "vendor's key": (header("Ocp-Apim-Subscription-Key", S), S),
    "signature header": (header("X-Hub-Signature", S), S),
    "cookie": (header("Cookie", f"theme=dark; sid={S}"), S),
    "set-cookie": (one(came=(("Set-Cookie", f"sid={S}; Path=/; HttpOnly"),)), S),
    "token in an answer's header": (one(came=(("X-Refresh-Token", S),)), S),
    "code in a location": (one(came=(("Location", f"https://app.example.com/cb?code={PLAIN}&state=1"),)), PLAIN),
    "token in a fragment": (one(came=(("Location", f"https://app.example.com/cb#access_token={PLAIN}"),)), PLAIN),
    "token in a query": (one(url=f"https://api.example.com/x?access_token={quote(S, safe='')}"), S),
    "api key in a query": (one(url=f"https://api.example.com/x?api_key={PLAIN}"), PLAIN),
    "key in a query": (one(url=f"https://api.example.com/x?key={PLAIN}"), PLAIN),
    "signed url": (one(url=f"https://s3.example.com/x?X-Amz-Signature={PLAIN}&X-Amz-Credential=AKIA"), PLAIN),
    "shared access signature": (one(url=f"https://blob.example.com/x?sv=1&sig={quote(S, safe='')}"), S),
    "password in a url": (one(url=f"https://ann:{PLAIN}@api.example.com/x"), PLAIN),
    "code in a query": (one(url=f"https://app.example.com/cb?code={PLAIN}&state=1"), PLAIN),
    "form password": (form("password"), S),
    "form client secret": (form("client_secret"), S),
    "form refresh token": (form("refresh_token"), S),
    "form code": (one(sent=(TYPES["form"],), body=f"grant_type=authorization_code&code={PLAIN}".encode()), PLAIN),
    "form verifier": (form("code_verifier"), S),
    "form assertion": (form("client_assertion"), S),
    "form otp": (form("otp", "481516"), "481516"),
    "json password": (one(sent=(TYPES["json"],), body=json.dumps({"user": {"password": S}}).encode()), S),
    "json camel case": (one(sent=(TYPES["json"],), body=json.dumps({"clientSecret": S}).encode()), S),
    "json with slashes escaped": (
        one(sent=(TYPES["json"],), body=json.dumps({"apiKey": S}).replace("/", "\\/").encode()),
        S,
    ),
    "multipart": (
        one(
            sent=(TYPES["part"],),
            body=f'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n{S}\r\n--b--\r\n'.encode(),
        ),
        S,
    ),
    "access token": (told("access_token"), S),
    "refresh token": (told("refresh_token"), S),
    "id token": (told("id_token", jwt()), jwt()),
    "signature of a jwt": (told("id_token", jwt()), jwt().rpartition(".")[2]),
    "one-time claim of a jwt": (told("id_token", jwt()), "j-81f2c9"),
    "device code": (told("device_code"), S),
    "user code": (told("user_code", "WDJB-MJHT7"), "WDJB-MJHT7"),
    "session id": (told("sessionId"), S),
    "private key": (told("x", "-----BEGIN PRIVATE KEY-----\nMIIabc123\n-----END PRIVATE KEY-----"), "MIIabc123"),
    "private jwk": (one(answer=json.dumps({"kty": "RSA", "n": "1", "d": PLAIN}).encode()), PLAIN),
    "webhook secret": (told("webhook_secret"), S),
    "a vendor's key anywhere": (one(answer=b"your key: sk_live_4eC39HqLyjWDarjtT1zd"), "4eC39HqLyjWDarjtT1zd"),
    "another vendor's": (one(answer=b"ghp_16C7e42F292c6912E7710c838347Ae178B4a"), "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
    "hidden input": (one(came=(TYPES["html"],), answer=f'<input type="hidden" name="csrf_token" value="{PLAIN}">'.encode()), PLAIN),
    "hidden input, other order": (
        one(came=(TYPES["html"],), answer=f"<input value='{PLAIN}' name='authenticity_token'/>".encode()),
        PLAIN,
    ),
    "meta": (one(came=(TYPES["html"],), answer=f'<meta name="csrf-token" content="{PLAIN}">'.encode()), PLAIN),
    "xml": (
        one(came=(TYPES["xml"],), answer=f"<R><SecretAccessKey>{S}</SecretAccessKey></R>".encode()),
        S,
    ),
    "saml": (form("SAMLResponse", base64.b64encode(b"<saml>signed by 0815</saml>").decode()), base64.b64encode(b"<saml>signed by 0815</saml>").decode()),
}  # fmt: skip

WAYS: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "url": lambda text: quote(text, safe="").encode(),
    "url in small letters": lambda text: (
        quote(text, safe="").lower().encode() if text == PLAIN else quote(text).encode()
    ),
    "plus": lambda text: quote_plus(text).encode(),
    "url twice": lambda text: quote(quote(text, safe=""), safe="").encode(),
    "json": lambda text: json.dumps({"echo": text}).encode(),
    "json in json": lambda text: json.dumps({"echo": json.dumps({"t": text})}).encode(),
    "json, all escaped": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text).encode(),
    "html": lambda text: html.escape(text).encode(),
    "html, all entities": lambda text: "".join(f"&#{ord(letter)};" for letter in text).encode(),
    "html, hexadecimal entities": lambda text: "".join(f"&#x{ord(letter):x};" for letter in text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one before": lambda text: base64.b64encode(b"a" + text.encode() + b" and more"),
    "base64, two before": lambda text: base64.b64encode(b"ab" + text.encode() + b" and more"),
    "base64 of json": lambda text: base64.b64encode(json.dumps({"t": text}).encode()),
    "base64url": lambda text: base64.urlsafe_b64encode(b"?>" + text.encode()).rstrip(b"="),
    "base64, in lines": lambda text: base64.encodebytes(b"x" * 70 + text.encode()),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())),
    "base32": lambda text: base64.b32encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "hex in capitals": lambda text: text.encode().hex().upper().encode(),
    "hex with colons": lambda text: text.encode().hex(":").encode(),
    "gzip": lambda text: gzip.compress(b"some text " + text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "deflate": lambda text: zlib.compress(b"some text, " + text.encode() * 3, wbits=-15),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "binary": lambda text: b"\xff\xfe\x00" + text.encode() + b"\x00\xff",
    "utf-16": lambda text: text.encode("utf-16"),
    "quoted-printable": lambda text: quopri.encodestring(b"x" * 60 + text.encode()),
    "quoted-printable, all": lambda text: "".join(f"={ord(letter):02X}" for letter in text).encode(),
    "python's escapes": lambda text: "".join(f"\\x{ord(letter):02x}" for letter in text).encode(),
    "basic": lambda text: basic("ann", text).encode(),
    "jwt's claims": lambda text: padless(json.dumps({"token": text}).encode()).encode(),
    "data url": lambda text: b"data:text/plain;base64," + base64.b64encode(text.encode()),
    "reversed": lambda text: text[::-1].encode(),
}


def put(exchanges: list[Exchange], path: Path, environment: dict[str, str] | None = None) -> bytes:
    """What is on disk; nothing, where it was refused."""
    vault = Vault(environment or {}, environment or ())
    for each in exchanges:
        vault.learn_from(each)
    try:
        store.write(path, Tape(exchanges=tuple(map(vault.hidden, exchanges)), recorded_at=1.7e9), vault.known)
    except SecretFound:
        assert list(path.parent.iterdir()) == []
        return b""
    return path.read_bytes()


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_is_known_by_its_place(place: str, tmp_path: Path) -> None:
    exchange, secret = PLACES[place]
    written = put([exchange], tmp_path / "c.yaml")
    assert written, "the cassette was refused"
    for spelled in {secret.encode(), quote(secret, safe="").encode(), secret.replace("/", "\\/").encode()}:
        assert spelled not in written
    assert scan(written, {secret: "planted"}) == []


@pytest.mark.parametrize("secret", [S, PLAIN], ids=["mixed", "letters"])
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_that_is_echoed_in_another_encoding_is_not_written(way: str, secret: str, tmp_path: Path) -> None:
    echo = one(
        answer=b"echo: " + WAYS[way](secret) if way not in ("gzip", "zlib", "deflate", "utf-16") else WAYS[way](secret)
    )
    written = put([told("access_token", secret), echo], tmp_path / "c.yaml")
    assert secret.encode() not in written
    assert WAYS[way](secret) not in written
    assert scan(written, {secret: "planted"}) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_last_look_reads_every_encoding(way: str) -> None:
    made = WAYS[way](S)
    body = base64.encodebytes(made) if way in ("gzip", "zlib", "deflate") else made
    data = b"version: 1\ninteractions:\n- body: !!binary |\n  " + body + b"\n"
    (hit,) = scan(data, {S: "planted"})
    assert hit.kind == "planted"
    assert hit.line in (4, 5)
    assert scan(data, {"another-secret-0815": "planted"}) == []


def test_yaml_that_splits_a_secret_over_lines_is_read() -> None:
    for split in (f'"{S[:9]}\\\n    {S[9:]}"', f'"{S[:9]}\\\n    \\{S[9:]}"', f"{S[:9]}\n    {S[9:]}"):
        assert scan(f"body: {split}\n".encode(), {S: "planted"}), split


def test_a_refused_cassette_is_named_with_kind_and_line_and_never_the_value(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    exchange = one(answer=gzip.compress(S.encode()))
    with pytest.raises(SecretFound) as refused:
        store.write(path, Tape(exchanges=(exchange,), recorded_at=1.7e9), {S: "access_token"})
    assert f"The cassette {path} was not written: a secret would be in it: access_token (line 1" in str(refused.value)
    assert "harmless" in str(refused.value)
    assert S not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_cassette_survives_a_refused_one(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("before")
    with pytest.raises(SecretFound):
        store.write(path, Tape(exchanges=(one(answer=gzip.compress(S.encode())),), recorded_at=1.7e9), {S: "x"})
    assert path.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["c.yaml"]


def test_what_the_environment_holds_is_a_secret_wherever_it_is_sent(tmp_path: Path) -> None:
    written = put([one(url=f"https://api.example.com/u/{PLAIN}/x")], tmp_path / "c.yaml", {"ACCOUNT": PLAIN})
    assert written
    assert PLAIN.encode() not in written


def test_a_secret_of_three_characters_is_replaced_in_its_place_and_else_the_cassette_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    written = put([form("password", "cat")], path)
    assert b"=cat" not in written
    path.unlink()
    vault = Vault({})
    exchanges = [form("password", "cat"), one(answer=b'{"pet": "cat", "of": "category"}')]
    for each in exchanges:
        vault.learn_from(each)
    with pytest.raises(SecretFound, match="password"):
        store.write(path, Tape(exchanges=tuple(map(vault.hidden, exchanges)), recorded_at=1.7e9), vault.known)


def test_placeholders_stay_the_same_within_a_cassette_and_link_its_parts() -> None:
    exchanges = [told("access_token"), header("Authorization", f"Bearer {S}"), header("X-Api-Key", PLAIN)]
    vault = Vault({})
    for each in exchanges:
        vault.learn_from(each)
    first, second, third = map(vault.hidden, exchanges)
    issued = json.loads(first.response.body)["a"]["b"][0]["access_token"]
    assert second.request.headers == (("Authorization", f"Bearer {issued}"),)
    assert len(issued) == len(S)
    assert issued.startswith("accesstoken1")
    assert third.request.headers[0][1] != issued


def test_a_pkce_verifier_still_answers_its_challenge() -> None:
    from pytest_prodparity.recordings.placeholders import challenge

    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    exchanges = [
        one(url=f"https://id.example.com/auth?code_challenge={challenge(verifier)}&code_challenge_method=S256"),
        form("code_verifier", verifier),
    ]
    vault = Vault({})
    for each in exchanges:
        vault.learn_from(each)
    asked, proved = map(vault.hidden, exchanges)
    made = proved.request.body.decode().rpartition("=")[2]
    assert made != verifier
    assert challenge(made) in asked.request.url


def test_ordinary_words_are_no_secrets() -> None:
    exchange = one(
        sent=(("User-Agent", "client/1"), ("Idempotency-Key", "order-1"), ("Cookie", "theme=dark"), TYPES["json"]),
        body=b'{"name": "Ann", "country_code": "US", "code": "not_found"}',
        came=(TYPES["json"], ("ETag", '"abc"'), ("Cache-Control", "max-age=0")),
        answer=b'{"token_type": "Bearer", "password": "required", "code": "not_found", "token_endpoint": "https://x/token"}',
    )
    vault = Vault({"PATH": "/usr/bin", "API_KEY_HEADER": "X-Api-Key", "GIT_AUTHOR_NAME": "somebody 0815"})
    vault.learn_from(exchange)
    assert vault.kinds == {}
    assert vault.hidden(exchange) == exchange


@given(
    st.text(st.sampled_from("abcdefghijkXYZ0123456789-_.~+/="), min_size=1, max_size=60),
    st.sampled_from(["access_token", "api_key"]),
)
def test_a_placeholder_has_the_shape_of_its_secret(value: str, kind: str) -> None:
    made = placeholder(value, kind, 1)
    assert len(made) == len(value)
    assert made == placeholder(value, kind, 1)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("0f8fad5b-d9cb-469f-a165-70867728950e", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"),
        ("d41d8cd98f00b204e9800998ecf8427e", "[0-9a-f]{32}"),
        ("sk_live_4eC39HqLyjWDarjtT1zd", "sk_live_apikey1[A-Za-z0-9]{13}"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA[A-Z0-9]{16}"),
        ("12345678", "[0-9]{8}"),
    ],
)
def test_a_placeholder_keeps_what_libraries_check(value: str, shape: str) -> None:
    import re

    made = placeholder(value, "api_key", 1)
    assert re.fullmatch(shape, made), made
    assert made != value
