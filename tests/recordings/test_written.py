"""Secrets with characters that forms, Basic and base64 treat apart: what stands for them shows the same faults."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode

import pytest

from pytest_prodparity.recordings.exchange import Exchange, Request, Response, Verdict
from pytest_prodparity.recordings.placeholders import padless, placeholder
from pytest_prodparity.recordings.secrets import Vault
from tests.recordings.tape import accused, ask, body, replay, tell

ODD = "Wq/7= &x+Y%41 zü"
"""Begins and ends like anything, with all that a form has to encode."""


def exchange(request: Request) -> Exchange:
    return Exchange(number=0, request=request, response=Response(status=200), at=1.7e9)


def basic_of(request: Request) -> str:
    value = dict(request.headers)["Authorization"].removeprefix("Basic ")
    return base64.b64decode(value, validate=True).decode().partition(":")[2]


# --- while recording


@pytest.mark.parametrize("name", ["SITE_PASSWORD", "MAIL_LOGIN"])
def test_a_variable_holds_a_placeholder_where_its_value_turns_out_to_be_a_password(name: str) -> None:
    vault = Vault({name: ODD, "GREETING": "good morning to you"})
    login = exchange(ask("POST", "/session", form={"who": "ann", "password": ODD}))
    vault.learn_from(login)
    sent = dict(parse_qsl(vault.hidden(login).request.body.decode()))
    assert vault.environment == {name: sent["password"]}
    assert sent["password"] != ODD


@pytest.mark.parametrize("encode", [quote_plus, lambda text: quote(text, safe=""), quote])
def test_what_was_form_encoded_within_basic_is_the_placeholder_form_encoded(encode: Callable[[str], str]) -> None:
    vault = Vault({"BILLING_SECRET": ODD})
    asked = exchange(ask("POST", "/token", form={"grant_type": "client_credentials"}, basic=f"shop:{encode(ODD)}"))
    vault.learn_from(asked)
    assert basic_of(vault.hidden(asked).request) == encode(vault.environment["BILLING_SECRET"])
    assert unquote_plus(basic_of(vault.hidden(asked).request).replace("+", "%2B")) != ODD


@pytest.mark.parametrize(
    "value",
    ["naïve-Straße-42", "пароль-7Kd", "東京タワー9", "🔑key🔑", "9oü?ÿ", "ÀÉö>>?~x1"],
)
def test_a_placeholder_is_as_long_and_needs_the_same_alphabets(value: str) -> None:
    made = placeholder(value, "password", 1)
    assert made != value
    assert len(made.encode()) == len(value.encode())
    assert _in_latin_1(made) == _in_latin_1(value)
    for before in ("", "u", "me"):
        first, second = (base64.b64encode(f"{before}:{one}".encode()) for one in (made, value))
        assert bool({43, 47} & set(first)) == bool({43, 47} & set(second)), before


def _in_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def test_what_reads_as_an_escape_still_does() -> None:
    made = placeholder("a9%2Fb8%zz%c3%BC", "secret", 1)
    assert (made[2:5], made[10:]) == ("%2F", "%c3%BC")
    assert made[5:7] != "b8"


# --- what the code read before the test


def test_a_header_is_passed_on_as_the_client_wrote_it() -> None:
    vault = Vault({})
    vault.stand("öld>?>?>secret", "nëw>?>?>secret")
    pair = "ann:nëw>?>?>secret".encode()
    for written in (base64.urlsafe_b64encode(pair).decode(), base64.b64encode("ann:nëw".encode("latin-1")).decode()):
        assert vault.field("Authorization", f"Basic {written}") == f"Basic {written}"
    old = base64.b64encode("ann:öld>?>?>secret".encode()).decode()
    assert vault.field("Authorization", f"Basic {old}") == f"Basic {base64.b64encode(pair).decode()}"


# --- on replay


def token_call(secret: str) -> Request:
    return ask("POST", "/token", form={"grant_type": "client_credentials"}, basic=f"shop:{secret}")


TOKEN = tell({"access_token": "at_1a2B3c4D5e6F7g8H9i0J", "token_type": "Bearer", "expires_in": 3600})


def test_a_secret_within_basic_may_be_form_encoded_in_any_way_but_not_left_out() -> None:
    recorded = (token_call(quote_plus(ODD)), TOKEN)
    for encode in (quote_plus, lambda text: quote(text, safe="")):
        ledger = replay(recorded, environment={"SECRET": ODD})
        assert ledger.ask(token_call(encode(ODD))).verdict is Verdict.ACCEPT
        assert accused(ledger) == []
    ledger = replay(recorded, environment={"SECRET": ODD})
    ruling = ledger.ask(token_call(ODD))
    assert ruling.verdict is Verdict.REFUSE
    assert "not form-encoded, as the recorded one is" in ruling.why


def test_a_secret_that_was_recorded_as_it_is_may_be_sent_so() -> None:
    ledger = replay((token_call(ODD), TOKEN), environment={"SECRET": ODD})
    assert ledger.ask(token_call(ODD)).verdict is Verdict.ACCEPT


LOGIN = {"user": "ann", "pass": "x", "password": "tr0ub4&dour=1", "next": "/"}


def test_a_password_cut_at_a_forms_own_mark_is_refused() -> None:
    recorded = (ask("POST", "/session", form=LOGIN), tell({"ok": True}))
    torn = "&".join(f"{name}={value}" for name, value in LOGIN.items())
    request = ask("POST", "/session", form=LOGIN)
    ledger = replay(recorded, environment={"PW": LOGIN["password"]})
    bad = Request(method="POST", url=request.url, headers=request.headers, body=torn.encode())
    assert ledger.ask(bad).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-missing"]


def test_another_form_with_another_password_is_not_covered() -> None:
    ledger = replay((ask("POST", "/people", form=LOGIN), tell({"ok": True})), environment={"PW": LOGIN["password"]})
    for password in ("tr0", "tr0ub4&dour", "something else"):
        other = {**LOGIN, "user": "bob", "password": password}
        assert ledger.ask(ask("POST", "/people", form=other)).verdict is Verdict.NOT_COVERED
    assert accused(ledger) == []


# --- tokens that the client signs


KEYS: dict[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "base64": base64.b64decode,
    "hex": bytes.fromhex,
}


def signed(secret: str, claims: dict[str, object], way: str = "text", alg: str = "HS384") -> str:
    head = padless(json.dumps({"typ": "JWT", "alg": alg}).encode())
    told = f"{head}.{padless(json.dumps(claims).encode())}"
    return f"{told}.{padless(hmac.digest(KEYS[way](secret), told.encode(), f'sha{alg[2:]}'))}"


SECRETS = {
    "text": "q7-Lm_20vT!sPw9zX4",
    "base64": base64.b64encode(hashlib.sha256(b"7").digest()).decode(),
    "hex": hashlib.sha256(b"8").hexdigest(),
}


@pytest.mark.parametrize("way", KEYS)
def test_a_signed_token_is_signed_again_with_the_placeholder_of_its_key(way: str) -> None:
    secret, claims = SECRETS[way], {"iss": "771", "iat": 1_790_000_000, "exp": 1_790_000_060}
    call = exchange(ask("POST", "/installs", bearer=signed(secret, claims, way)))
    vault = Vault({"DEPLOY_KEY": secret, "REGION": "eu-central-1-blue"})
    vault.learn_from(call)
    made = vault.environment["DEPLOY_KEY"]
    assert made != secret
    hidden = dict(vault.hidden(call).request.headers)["Authorization"]
    assert hidden == f"Bearer {signed(made, claims, way)}"


@pytest.mark.parametrize(
    ("by", "verdict"),
    [("text", Verdict.ACCEPT), ("base64", Verdict.REFUSE), ("other", Verdict.REFUSE)],
)
def test_the_key_of_the_recorded_signature_is_the_right_one(by: str, verdict: Verdict) -> None:
    key, other = SECRETS["base64"], SECRETS["text"]
    recorded = (ask("POST", "/installs", bearer=signed(key, {"iss": "771"})), tell({"ok": 1}))
    ledger = replay(recorded, environment={"DEPLOY_KEY": key, "HOOK_SECRET": other})
    sent = signed(other, {"iss": "771", "n": 1}) if by == "other" else signed(key, {"iss": "771", "n": 1}, by)
    assert ledger.ask(ask("POST", "/installs", bearer=sent)).verdict is verdict


def test_a_signature_of_an_unknown_key_is_held_against_nobody() -> None:
    recorded = (ask("POST", "/installs", bearer=signed("nobody knows this", {"iss": "771"})), tell({"ok": 1}))
    ledger = replay(recorded, environment={"HOOK_SECRET": SECRETS["text"]})
    ruling = ledger.ask(ask("POST", "/installs", bearer=signed("nobody knows this", {"iss": "771", "n": 1})))
    assert (ruling.verdict, accused(ledger)) == (Verdict.NOT_COVERED, [])
    assert "its key is not known here" in ruling.why


@pytest.mark.parametrize(("lives", "verdict"), [(90, Verdict.ACCEPT), (900, Verdict.NOT_COVERED)])
def test_a_token_that_lives_longer_than_the_recorded_one_is_not_covered(lives: int, verdict: Verdict) -> None:
    now = int(time.time())

    def call(until: int) -> Request:
        return ask("GET", "/installs", bearer=signed(SECRETS["text"], {"iss": "771", "iat": now, "exp": now + until}))

    ledger = replay((call(60), tell([1])), environment={"DEPLOY_KEY": SECRETS["text"]})
    ruling = ledger.ask(call(lives))
    assert (ruling.verdict, accused(ledger)) == (verdict, [])


# --- scopes that no answer names


ASKED = "openid offline_access calendar.read"


def start(scope: str = ASKED) -> Request:
    query = urlencode(
        {"response_type": "code", "client_id": "app", "redirect_uri": "https://me.example/cb", "scope": scope}
    )
    return ask("GET", f"https://id.example/authorize?{query}")


def redeem() -> Request:
    form = {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": "https://me.example/cb",
        "client_id": "app",
    }
    return ask("POST", "https://id.example/token", form=form)


def renew(token: str, scope: str = "") -> Request:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "app"}
    return ask("POST", "https://id.example/token", form={**form, "scope": scope} if scope else form)


CODE, FIRST, SECOND = "c_8Yt2Kq0ZrW5vX1nB", "rt_1a2B3c4D5e6F7g8H9i0J", "rt_9z8Y7x6W5v4U3t2S1r0Q"


def granted(access: str, refresh: str) -> Response:
    return tell({"access_token": access, "refresh_token": refresh, "expires_in": 600, "scope": "calendar.read"})


SIGN_IN = (
    (start(), Response(status=302, headers=(("Location", f"https://me.example/cb?code={CODE}"),))),
    (redeem(), granted("at_1a2B3c4D5e6F7g8H9i0J", FIRST)),
)
RENEWED = (renew(FIRST), granted("at_9z8Y7x6W5v4U3t2S1r0Q", SECOND))


@pytest.mark.parametrize("scope", [ASKED, "openid calendar.read", "calendar.read", ""])
def test_a_refresh_may_ask_again_for_what_the_user_was_asked(scope: str) -> None:
    ledger = replay(*SIGN_IN, RENEWED)
    ledger.ask(start())
    token = body(ledger.ask(redeem()))["refresh_token"]
    for _ in range(2):  # the second refresh token descends from the first
        ruling = ledger.ask(renew(token, scope))
        assert ruling.verdict is Verdict.ACCEPT, ruling.why
        token = body(ruling)["refresh_token"]
    assert accused(ledger) == []


def test_a_refresh_may_not_ask_for_what_nobody_was_asked() -> None:
    ledger = replay(*SIGN_IN, RENEWED)
    ledger.ask(start())
    token = body(ledger.ask(redeem()))["refresh_token"]
    assert ledger.ask(renew(token, f"{ASKED} calendar.write")).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-scope"]


def test_a_recorded_refusal_of_a_scope_outweighs_that_it_was_asked_for() -> None:
    refused = (renew(FIRST, ASKED), tell({"error": "invalid_scope"}, status=400))
    ledger = replay(*SIGN_IN, refused, RENEWED)
    ledger.ask(start())
    token = body(ledger.ask(redeem()))["refresh_token"]
    for _ in range(2):
        assert ledger.ask(renew(token, ASKED)).verdict is Verdict.REFUSE
    assert set(accused(ledger)) == {"auth-scope"}


def test_a_refresh_token_got_without_asking_for_offline_access_is_not_covered() -> None:
    ledger = replay(*SIGN_IN, RENEWED)
    ledger.ask(start("openid calendar.read"))
    token = body(ledger.ask(redeem()))["refresh_token"]
    ruling = ledger.ask(renew(token))
    assert (ruling.verdict, accused(ledger)) == (Verdict.NOT_COVERED, [])
    assert "without asking for offline_access" in ruling.why
