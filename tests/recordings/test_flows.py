"""Codes with PKCE, device codes, keys, Basic, sessions, signatures, rate limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from pytest_prodparity.recordings.exchange import Exchange, Request, Response, Ruling, Verdict
from pytest_prodparity.recordings.jwt import packed
from pytest_prodparity.recordings.ledger import Ledger
from pytest_prodparity.recordings.signing import resigned
from tests.recordings.tape import accused, ask, body, replay, tape, tell

VERIFIER, OTHER = "v" * 20 + "A1b2C3d4E5f6G7h8I9j0K1l2M3", "w" * 20 + "Z1b2C3d4E5f6G7h8I9j0K1l2M3"
CODE = "cd_Qw3Er5Ty7Ui9Op1As"
AT = "at_1a2B3c4D5e6F7g8H9i0J"
Pair = tuple[Request, Response]


def challenge(verifier: str) -> str:
    return packed(hashlib.sha256(verifier.encode()).digest())


def start(verifier: str, state: str, **more: str) -> Request:
    query = {
        "response_type": "code", "client_id": "web", "redirect_uri": "http://127.0.0.1:9000/cb", "scope": "openid",
        "state": state, "code_challenge": challenge(verifier), "code_challenge_method": "S256", **more,
    }  # fmt: skip
    return ask("GET", "/auth?" + urlencode(query))


def redeem(code: str, verifier: str, **more: str) -> Request:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "http://127.0.0.1:9000/cb",
        "client_id": "web",
    }
    return ask("POST", "/token", form={**form, "code_verifier": verifier, **more})


def location(ruling: Ruling) -> dict[str, list[str]]:
    assert ruling.response is not None
    return parse_qs(urlsplit(dict(ruling.response.headers)["Location"]).query)


LOGIN: list[Pair] = [
    (
        start(VERIFIER, "st4te-recorded-111"),
        tell(status=303, headers=[("Location", f"http://127.0.0.1:9000/cb?code={CODE}&state=st4te-recorded-111")]),
    ),
    (redeem(CODE, VERIFIER), tell({"access_token": AT, "expires_in": 300})),
    (ask("GET", "/userinfo", bearer=AT), tell({"sub": "ann"})),
]


def test_a_client_with_its_own_state_and_verifier_gets_its_own_back() -> None:
    ledger = replay(*LOGIN)
    back = location(ledger.ask(start(OTHER, "my-own-state-222")))
    assert back == {"code": [CODE], "state": ["my-own-state-222"]}
    token = body(ledger.ask(redeem(CODE, OTHER)))["access_token"]
    assert ledger.ask(ask("GET", "/userinfo", bearer=token)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_short_state_comes_back_too() -> None:
    ledger = replay(
        (
            start(VERIFIER, "xyz"),
            tell(status=303, headers=[("Location", f"http://127.0.0.1:9000/cb?code={CODE}&state=xyz")]),
        ),
        *LOGIN[1:],
    )
    assert location(ledger.ask(start(OTHER, "abc")))["state"] == ["abc"]


@pytest.mark.parametrize(
    ("again", "rule"),
    [
        (redeem(CODE, VERIFIER), "auth-missing"),
        (redeem(CODE, "short"), "auth-missing"),
        (redeem("cd_Qw3Er5Ty7Ui9Op1AX", OTHER), "auth-missing"),
        (redeem(CODE, OTHER, redirect_uri="http://127.0.0.1:9000/other"), "auth-missing"),
        (redeem(CODE, OTHER, client_id="another"), "auth-missing"),
    ],
)
def test_a_code_is_bound_to_its_verifier_its_address_and_its_client(again: Request, rule: str) -> None:
    ledger = replay(*LOGIN)
    ledger.ask(start(OTHER, "my-own-state-222"))
    ruling = ledger.ask(again)
    assert (ruling.verdict, accused(ledger)) == (Verdict.REFUSE, [rule])
    assert ruling.response is not None
    assert ruling.response.status in (400, 401)


def test_a_code_is_good_once() -> None:
    ledger = replay(*LOGIN)
    ledger.ask(start(OTHER, "my-own-state-222"))
    ledger.ask(redeem(CODE, OTHER))
    assert body(ledger.ask(redeem(CODE, OTHER)))["error"] == "invalid_grant"
    assert accused(ledger) == ["auth-reused"]
    assert ledger.ask(ask("GET", "/userinfo", bearer=AT)).verdict is Verdict.REFUSE


def test_who_logs_in_again_gets_another_code_and_token() -> None:
    ledger = replay(*LOGIN)
    seen = set()
    for number in range(3):
        code = location(ledger.ask(start(OTHER, f"my-own-state-{number}")))["code"][0]
        seen.add(body(ledger.ask(redeem(code, OTHER)))["access_token"])
    assert len(seen) == 3
    assert accused(ledger) == []


def poll() -> Request:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": "dc_0a1B2c3D4e5F6g7H",
        "client_id": "tv",
    }
    return ask("POST", "/token", form=form)


DEVICE: list[Pair] = [
    (
        ask("POST", "/device", form={"client_id": "tv"}),
        tell({"device_code": "dc_0a1B2c3D4e5F6g7H", "user_code": "WDJB-MJHT", "interval": 5, "expires_in": 600}),
    ),
    (poll(), tell({"error": "authorization_pending"}, status=400)),
    (poll(), tell({"error": "authorization_pending"}, status=400)),
    (poll(), tell({"access_token": AT, "expires_in": 300})),
]


def test_a_device_polls_until_it_has_its_token() -> None:
    ledger = replay(*DEVICE)
    assert [body(ledger.ask(request)).get("error", "") for request, _ in DEVICE] == [
        "", "authorization_pending", "authorization_pending", "",
    ]  # fmt: skip
    assert accused(ledger) == []
    assert body(ledger.ask(poll()))["error"] == "invalid_grant"


def test_a_device_that_gives_up_or_is_too_late_is_accused() -> None:
    ledger = replay(*DEVICE)
    ledger.ask(DEVICE[0][0])
    ledger.ask(poll())
    assert accused(ledger) == ["auth-missing"]
    ledger.clock.advance(601)
    assert body(ledger.ask(poll()))["error"] == "expired_token"


def test_haste_after_slow_down_is_accused_where_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    slow = (poll(), tell({"error": "slow_down"}, status=400))
    ledger = replay(DEVICE[0], slow, DEVICE[3])
    ledger.ask(DEVICE[0][0])
    ledger.ask(poll())
    now += 1
    assert body(ledger.ask(poll()))["error"] == "slow_down"
    assert "rate-limit-ignored" in accused(ledger)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (
            ask("GET", "/v", headers={"X-Api-Key": "k3y_5Tg8Yh2Uj"}),
            ask("GET", "/v", headers={"X-Api-Key": "k3y_5Tg8Yh2U"}),
        ),
        (ask("GET", "/v", headers={"X-Api-Key": "k3y_5Tg8Yh2Uj"}), ask("GET", "/v?api_key=k3y_5Tg8Yh2Uj")),
        (ask("GET", "/v?api_key=k3y_5Tg8Yh2Uj&q=1"), ask("GET", "/v?q=1")),
        (ask("GET", "/v?appid=5Tg8Yh2Uj5Tg8Yh2Uj&q=1"), ask("GET", "/v?q=1&appid=5Tg8Yh2Uj5Tg8Yh2Ux")),
        (ask("GET", "/v", basic="ann:p4ssw0rd"), ask("GET", "/v", basic="ann:p4ssword")),
        (ask("GET", "/v", basic="ann:p4ssw0rd"), ask("GET", "/v", basic="bob:p4ssw0rd")),
        (ask("GET", "/v", basic="ann:p4ssw0rd"), ask("GET", "/v", headers={"Authorization": "Basic ann:p4ssw0rd"})),
        (ask("GET", "/v", basic="sk_live_5Tg8Yh:"), ask("GET", "/v", basic="sk_live_5Tg8Y:")),
        (ask("GET", "/v", bearer="k3y_5Tg8Yh2Uj"), ask("GET", "/v", basic="k3y_5Tg8Yh2Uj:")),
    ],
)
def test_keys_and_passwords_are_good_where_and_as_they_were_recorded(good: Request, bad: Request) -> None:
    ledger = replay((good, tell({"ok": True})), (good, tell({"ok": True})))
    assert ledger.ask(bad).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-missing"]
    assert ledger.ask(good).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def page(csrf: str) -> Response:
    form = f'<form method="post"><input type="hidden" name="csrf_token" value="{csrf}"><input name="user"></form>'
    return tell(page=form, headers=[("Set-Cookie", "sid=anon_1a2B3c4D5e; Path=/; HttpOnly")])


def login(csrf: str, cookie: str = "sid=anon_1a2B3c4D5e", password: str = "hunter2horse") -> Request:
    form = {"user": "ann", "password": password, **({"csrf_token": csrf} if csrf else {})}
    return ask("POST", "/login", form=form, cookie=cookie)


SESSION: list[Pair] = [
    (ask("GET", "/login"), page("cs_1a2B3c4D5e6F")),
    (
        login("cs_1a2B3c4D5e6F"),
        tell(
            status=302,
            headers=[("Location", "/me"), ("Set-Cookie", "sid=user_9z8Y7x6W5v; Path=/; HttpOnly; Max-Age=600")],
        ),
    ),
    (ask("GET", "/me", cookie="sid=user_9z8Y7x6W5v"), tell({"name": "ann"})),
    (
        ask("POST", "/logout", cookie="sid=user_9z8Y7x6W5v"),
        tell(status=204, headers=[("Set-Cookie", "sid=; Max-Age=0; Path=/")]),
    ),
]


def test_a_session_is_as_recorded() -> None:
    ledger = replay(*SESSION)
    assert [ledger.ask(request).verdict for request, _ in SESSION] == [Verdict.ACCEPT] * 4
    assert accused(ledger) == []


@pytest.mark.parametrize(
    ("before", "bad"),
    [
        (1, login("")),
        (1, login("cs_made_up_0000")),
        (1, login("cs_1a2B3c4D5e6F", cookie="")),
        (1, login("cs_1a2B3c4D5e6F", password="wrong")),
        (1, ask("GET", "/me")),
        (1, ask("GET", "/me", cookie="sid=anon_1a2B3c4D5e")),
        (2, ask("GET", "/me", cookie="sid=anon_1a2B3c4D5e")),
        (2, ask("GET", "/me", cookie="session=user_9z8Y7x6W5v")),
        (4, ask("GET", "/me", cookie="sid=user_9z8Y7x6W5v")),
    ],
)
def test_a_session_without_what_it_is_worth_is_refused(before: int, bad: Request) -> None:
    ledger = replay(*SESSION)
    for request, _ in SESSION[:before]:
        assert ledger.ask(request).verdict is Verdict.ACCEPT
    assert ledger.ask(bad).verdict is Verdict.REFUSE
    assert len(accused(ledger)) == 1


def test_a_session_that_is_upgraded_in_place_is_worth_something_only_after_the_login() -> None:
    pairs = [
        SESSION[0],
        (login("cs_1a2B3c4D5e6F"), tell(status=302)),
        (ask("GET", "/me", cookie="sid=anon_1a2B3c4D5e"), tell(1)),
    ]
    ledger = replay(*pairs)
    ledger.ask(pairs[0][0])
    assert ledger.ask(pairs[2][0]).verdict is Verdict.REFUSE
    ledger.ask(pairs[1][0])
    assert ledger.ask(pairs[2][0]).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_session_ends_after_its_max_age_and_a_new_login_opens_another() -> None:
    ledger = replay(*SESSION)
    for request, _ in SESSION[:2]:
        ledger.ask(request)
    ledger.clock.advance(601)
    assert ledger.ask(SESSION[2][0]).verdict is Verdict.REFUSE
    shown = ledger.ask(SESSION[0][0]).response
    assert shown is not None
    csrf = shown.body.decode().split('value="')[1].split('"')[0]
    anon = dict(shown.headers)["Set-Cookie"].split(";")[0]
    opened = ledger.ask(login(csrf, cookie=anon)).response
    assert opened is not None
    session = dict(opened.headers)["Set-Cookie"].split(";")[0]
    assert ledger.ask(ask("GET", "/me", cookie=session)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_csrf_value_of_which_each_page_has_another_is_good_once() -> None:
    cookie = "sid=user_9z8Y7x6W5v"

    def form(csrf: str, item: str) -> Request:
        return ask("POST", "/buy", form={"item": item, "csrf_token": csrf}, cookie=cookie)

    pairs = [
        *SESSION[:2],
        (ask("GET", "/buy", cookie=cookie), page("cs_first_1a2B3c")), (form("cs_first_1a2B3c", "a"), tell({"ok": 1})),
        (ask("GET", "/buy", cookie=cookie), page("cs_second_4d5E6f")), (form("cs_second_4d5E6f", "b"), tell({"ok": 2})),
    ]  # fmt: skip
    ledger = replay(*pairs)
    for request, _ in pairs[:4]:
        assert ledger.ask(request).verdict is Verdict.ACCEPT, request.url
    assert ledger.ask(form("cs_first_1a2B3c", "b")).verdict is Verdict.REFUSE
    assert accused(ledger) == ["auth-reused"]


def test_a_client_that_ignores_retry_after_is_accused(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    pairs = [
        (ask("GET", "/a"), tell({"e": 1}, status=429, headers=[("Retry-After", "2")])),
        (ask("GET", "/a"), tell("ok")),
    ]
    ledger = replay(*pairs)
    ledger.ask(pairs[0][0])
    now += 2
    assert body(ledger.ask(pairs[1][0])) == "ok"
    assert accused(ledger) == []
    ledger = replay(*pairs)
    ledger.ask(pairs[0][0])
    now += 1
    ruling = ledger.ask(pairs[1][0])
    assert ruling.response is not None
    assert dict(ruling.response.headers)["Retry-After"] == "1"
    assert accused(ledger) == ["rate-limit-ignored"]


def test_a_wait_that_the_test_has_replaced_is_not_held_against_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = replay((ask("GET", "/a"), tell("ok")))
    ledger.answer(429, retry_after=30)
    ruling = ledger.ask(ask("GET", "/a"))
    assert ruling.response is not None
    assert (ruling.response.status, dict(ruling.response.headers)["Retry-After"]) == (429, "30")
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert ledger.ask(ask("GET", "/a")).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


KEY = "hm4c_S3cret_0123456789"


def signed(content: dict[str, int], key: str = KEY, *, stamp: str | None = None, over: bytes | None = None) -> Request:
    when = stamp or str(int(time.time()))
    request = ask("POST", "/hook", data=content, headers={"X-Timestamp": when})
    text = f"POST\n/hook\n{when}\n".encode() + (request.body if over is None else over)
    made = hmac.new(key.encode(), text, "sha256").hexdigest()
    return replace(request, headers=(*request.headers, ("X-Signature", f"sha256={made}")))


def test_an_hmac_is_computed_again_in_the_way_that_the_recording_shows() -> None:
    pairs = [
        (signed({"n": 1}, stamp="1790000000"), tell({"ok": 1})),
        (signed({"n": 2}, stamp="1790000001"), tell({"ok": 2})),
    ]
    ledger = replay(*pairs, environment={"HOOK_KEY": KEY})
    assert ledger.ask(signed({"n": 1})).verdict is Verdict.ACCEPT
    ruling = ledger.ask(signed({"n": 2}, over=b"{}"))
    assert (ruling.verdict, accused(ledger)) == (Verdict.REFUSE, ["auth-missing"])
    assert ledger.ask(signed({"n": 2}, key="another_key_0123456789")).verdict is Verdict.REFUSE
    late = ledger.ask(signed({"n": 2}, stamp=str(int(time.time()) - 900)))
    assert "from the server's time" in late.why
    assert ledger.ask(signed({"n": 2})).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_recorded_hmac_is_made_again_with_the_placeholder() -> None:
    true, scrubbed = signed({"n": 1}, key="the-true-key-000"), signed({"n": 1}, key="nonsense-00000000")
    assert resigned(true, scrubbed, {"the-true-key-000": KEY}) == signed({"n": 1}, key=KEY)
    assert resigned(true, scrubbed, {"not-the-key-0000": KEY}) == scrubbed


def test_an_hmac_of_an_unknown_way_is_not_checked_and_says_so() -> None:
    request = ask("POST", "/hook", data={}, headers={"X-Signature": "ab" * 32})
    ledger = replay((request, tell({"ok": 1})))
    ruling = ledger.ask(request)
    assert (ruling.verdict, body(ruling)) == (Verdict.NOT_COVERED, {"ok": 1})
    assert "not checked" in ruling.why


def test_a_probe_tells_what_is_public_and_how_a_refusal_looks() -> None:
    good = ask("GET", "/a", bearer=AT)
    probe = Exchange(
        number=1, request=ask("GET", "/a"), response=tell({"why": "recorded"}, status=401), probe="without"
    )
    ledger = Ledger([*tape((good, tell(1))), probe], clock=replay().clock)
    ruling = ledger.ask(ask("GET", "/a"))
    assert (body(ruling), ruling.made, ruling.played) == ({"why": "recorded"}, False, probe)
    public = replace(probe, response=tell(1))
    ledger = Ledger([*tape((good, tell(1))), public], clock=replay().clock)
    assert ledger.ask(ask("GET", "/a")).verdict is Verdict.ACCEPT


def test_an_upload_with_another_boundary_is_the_same() -> None:
    def upload(boundary: str) -> Request:
        content = f'--{boundary}\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nhello\r\n--{boundary}--\r\n'
        return replace(
            ask("POST", "/up", headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}),
            body=content.encode(),
        )

    ledger = replay((upload("AAA"), tell(1)))
    assert ledger.ask(upload("BbB")).verdict is Verdict.ACCEPT


def test_values_that_a_client_makes_up_are_matched_by_role_and_echoed() -> None:
    def order(number: str) -> Request:
        return ask("POST", "/orders", data={"id": number, "sku": 7})

    recorded, own = "6f1c2b1e-0000-4000-8000-000000000001", "6f1c2b1e-0000-4000-8000-000000000002"
    ledger = replay((order(recorded), tell({"id": recorded})))
    assert body(ledger.ask(order(own))) == {"id": own}


def test_one_more_than_recorded_is_not_covered() -> None:
    ledger = replay((ask("POST", "/orders", data={"sku": 7}), tell(1)))
    ledger.ask(ask("POST", "/orders", data={"sku": 7}))
    ruling = ledger.ask(ask("POST", "/orders", data={"sku": 7}))
    assert (ruling.verdict, ruling.response) == (Verdict.NOT_COVERED, None)
    assert ruling.why == "POST https://api.example/orders was recorded 1 time, and asked once more"
    assert "json sku" in ledger.ask(ask("POST", "/orders", data={"sku": 8})).why
    assert (
        json.dumps(ledger.ask(ask("GET", "/nowhere")).why)
        == '"GET https://api.example/nowhere is not in the recording"'
    )


def test_a_link_that_the_server_has_signed_is_good_as_it_is() -> None:
    link = "https://files.example/export?expires=1790000300&signature=" + "0a1b2c3d" * 8
    ledger = replay(
        (ask("POST", "/exports", bearer=AT), tell({"url": link}, status=201)),
        (ask("GET", link), tell({"rows": 1})),
    )
    given = body(ledger.ask(ask("POST", "/exports", bearer=AT)))["url"]
    assert ledger.ask(ask("GET", given[:-1] + "0")).verdict is Verdict.REFUSE
    assert ledger.ask(ask("GET", given)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_nonce_and_a_timestamp_of_a_signed_request_are_its_own() -> None:
    def call(nonce: str, stamp: str) -> Request:
        made = hmac.new(KEY.encode(), f"GET.{nonce}.{stamp}".encode(), "sha256").hexdigest()
        return ask("GET", "/v", headers={"X-Nonce": nonce, "X-Timestamp": stamp, "X-Signature": made})

    recorded = [(call("n1-0000000000", "1790000000"), tell(1)), (call("n2-0000000000", "1790000001"), tell(2))]
    now = str(int(time.time()))
    ledger = replay(*recorded, environment={"HOOK_KEY": KEY})
    assert ledger.ask(call("own-1-000000", now)).verdict is Verdict.ACCEPT
    assert "sent before" in ledger.ask(call("own-1-000000", now)).why
    assert "another unit" in ledger.ask(call("own-2-000000", now + "000")).why
    assert ledger.ask(call("own-3-000000", now)).verdict is Verdict.ACCEPT


def test_a_password_in_another_encoding_is_another_password() -> None:
    def call(encoding: str) -> Request:
        pair = base64.b64encode("ann:pässwört".encode(encoding)).decode()
        return ask("GET", "/v", headers={"Authorization": f"Basic {pair}"})

    ledger = replay((call("utf-8"), tell(1)))
    assert ledger.ask(call("latin-1")).verdict is Verdict.REFUSE
    assert ledger.ask(call("utf-8")).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_an_authorization_goes_on_with_the_cookie_that_it_began_with() -> None:
    cookie = "_interaction=ui_1a2B3c4D5e6F"
    pairs = [
        (
            start(VERIFIER, "st4te-recorded-111"),
            tell(status=303, headers=[("Location", "/interaction/u1"), ("Set-Cookie", f"{cookie}; HttpOnly")]),
        ),
        (
            ask("GET", "/interaction/u1", cookie=cookie),
            tell(status=303, headers=[("Location", f"http://127.0.0.1:9000/cb?code={CODE}")]),
        ),
        (redeem(CODE, VERIFIER), tell({"access_token": AT})),
    ]
    ledger = replay(*pairs)
    ledger.ask(pairs[0][0])
    assert ledger.ask(ask("GET", "/interaction/u1")).verdict is Verdict.REFUSE
    assert ledger.ask(pairs[1][0]).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_code_that_is_minutes_old_is_not_proven_and_one_of_eleven_is_refused() -> None:
    for seconds, verdict in ((120, Verdict.NOT_COVERED), (660, Verdict.REFUSE)):
        ledger = replay(*LOGIN)
        ledger.ask(LOGIN[0][0])
        ledger.clock.advance(seconds)
        assert ledger.ask(redeem(CODE, VERIFIER)).verdict is verdict


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (ask("GET", "/kv?key=settings-of-the-shop"), ask("GET", "/kv?key=settings-of-the-store")),
        (ask("GET", "/l?next_page_token=abc123def456abc1"), ask("GET", "/l?next_page_token=abc123def456abc2")),
    ],
)
def test_a_value_that_chooses_what_is_answered_is_no_credential(recorded: Request, asked: Request) -> None:
    ledger = replay((recorded, tell(1)))
    assert (ledger.ask(asked).verdict, accused(ledger)) == (Verdict.NOT_COVERED, [])


def test_a_session_that_the_client_numbers_itself_may_have_another_number() -> None:
    one, other = "6f1c2b1e-0000-4000-8000-000000000001", "6f1c2b1e-0000-4000-8000-000000000002"
    ledger = replay((ask("POST", "/chat", data={"session_id": one}, headers={"X-Session-Id": one}, bearer=AT), tell(1)))
    ruling = ledger.ask(ask("POST", "/chat", data={"session_id": other}, headers={"X-Session-Id": other}, bearer=AT))
    assert (ruling.verdict, accused(ledger)) == (Verdict.ACCEPT, [])


def test_cookies_of_languages_and_balancers_are_not_asked_for() -> None:
    ledger = replay((ask("GET", "/a", cookie="lang=en-GB; AWSALB=0a1b2c3d4e5f; _ga=GA1.2.1234567890"), tell(1)))
    assert (ledger.ask(ask("GET", "/a")).verdict, accused(ledger)) == (Verdict.ACCEPT, [])
