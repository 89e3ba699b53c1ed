"""JWTs made again, assertions of the client's own, and AWS signatures by botocore."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from pytest_prodparity.core.errors import ProdparityError
from pytest_prodparity.recordings.exchange import Request, Response, Verdict
from pytest_prodparity.recordings.jwt import Mint, half_hash, packed, read, unpacked
from pytest_prodparity.recordings.signing import resigned
from tests.recordings.tape import AT, accused, ask, body, replay, tell


def jwt(claims: dict[str, Any], alg: str = "RS256", signature: str = "c2lnbmF0dXJl", **head: str) -> str:
    parts = ({"alg": alg, "kid": "k1", **head}, claims)
    return ".".join(packed(json.dumps(part).encode()) for part in parts) + "." + signature


def verify(token: str, keys: dict[str, Any]) -> None:
    signed, _, signature = token.rpartition(".")
    key, raw = keys["keys"][0], unpacked(signature)
    number = {name: int.from_bytes(unpacked(key[name])) for name in ("n", "e", "x", "y") if name in key}
    if key["kty"] == "RSA":
        public = rsa.RSAPublicNumbers(number["e"], number["n"]).public_key()
        public.verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        point = ec.EllipticCurvePublicNumbers(number["x"], number["y"], ec.SECP256R1()).public_key()
        whole = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        point.verify(whole, signed.encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(("alg", "kty"), [("RS256", "RSA"), ("ES256", "EC")])
def test_a_token_verifies_with_the_key_set_and_holds_today(alg: str, kty: str) -> None:
    access = jwt({"exp": AT + 300, "iat": AT, "scope": "a"}, alg)
    start = ask(
        "GET", "/auth?response_type=code&client_id=web&nonce=n0nce-recorded-1&state=s1&redirect_uri=https://a/cb"
    )
    redeem = ask(
        "POST", "/token", form={"grant_type": "authorization_code", "code": "cd_1a2B3c4D5e6F", "client_id": "web"}
    )
    identity = jwt({"exp": AT + 300, "iat": AT, "nonce": "n0nce-recorded-1", "at_hash": "x", "aud": "web"}, alg)
    point = {"crv": "P-256", "x": "AA", "y": "AA"} if kty == "EC" else {"n": "AA", "e": "AQAB"}
    ledger = replay(
        (start, tell(status=302, headers=[("Location", "https://a/cb?code=cd_1a2B3c4D5e6F&state=s1")])),
        (redeem, tell({"access_token": access, "id_token": identity})),
        (ask("GET", "/jwks"), tell({"keys": [{"kty": kty, "kid": "k1", "alg": alg, "use": "sig", **point}]})),
        (ask("GET", "/me", bearer=access), tell(1)),
    )
    own = ask("GET", start.url.replace("n0nce-recorded-1", "own-nonce-22222").replace("s1", "s2"))
    assert ledger.ask(own).verdict is Verdict.ACCEPT
    issued = body(ledger.ask(redeem))
    token, shown = read(issued["access_token"]), read(issued["id_token"])
    assert token is not None
    assert shown is not None
    assert abs(token.claims["exp"] - time.time() - 300) < 30
    assert shown.claims["nonce"] == "own-nonce-22222"
    assert shown.claims["at_hash"] == half_hash(issued["access_token"], alg)
    keys = body(ledger.ask(ask("GET", "/jwks")))
    verify(issued["access_token"], keys)
    verify(issued["id_token"], keys)
    with pytest.raises(InvalidSignature):
        verify(issued["access_token"][:-8] + "AAAAAAAA", keys)
    assert ledger.ask(ask("GET", "/me", bearer=access)).verdict is Verdict.REFUSE, "the recorded one was not issued"
    assert ledger.ask(ask("GET", "/me", bearer=issued["access_token"])).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_a_token_of_a_shared_secret_is_signed_with_the_one_that_the_client_has() -> None:
    mint = Mint(verified=False, secrets=["the-secret-of-both"])
    token = read(jwt({"exp": 10}, "HS256"))
    assert token is not None
    made = mint.made_again(token, shift=5, swaps=str, beside={})
    again = read(made)
    assert again is not None
    assert (again.claims["exp"], again.signature != token.signature) == (15, True)


def test_without_a_key_set_the_recorded_signature_is_kept() -> None:
    token = read(jwt({"exp": 10}))
    assert token is not None
    assert Mint(verified=False).made_again(token, shift=0, swaps=str, beside={}).endswith(".c2lnbmF0dXJl")


def bearer_grant(**claims: Any) -> Request:
    held = {"iss": "robot@x", "sub": "u", "aud": "https://api.example/token", "iat": AT, "exp": AT + 300, **claims}
    token = jwt({name: value for name, value in held.items() if value is not None})
    return ask("POST", "/token", form={"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": token})


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({}, ""),
        ({"aud": "https://other"}, "of another aud"),
        ({"sub": None}, "without sub"),
        ({"exp": time.time() - 3600}, "expired"),
        ({"exp": None}, "without exp"),
        ({"iat": time.time() + 3600}, "from the future"),
    ],
)
def test_an_assertion_of_the_client_is_held_against_the_recorded_one(claims: dict[str, Any], what: str) -> None:
    ledger = replay((bearer_grant(), tell({"access_token": "at_1a2B3c4D5e6F7g8H"})))
    now = time.time()
    ruling = ledger.ask(bearer_grant(**{"iat": now, "exp": now + 300, **claims}))
    assert ruling.verdict is (Verdict.REFUSE if what else Verdict.ACCEPT)
    assert what in ruling.why


def test_a_bearer_token_that_the_client_signs_itself_may_differ_from_run_to_run() -> None:
    ledger = replay((ask("GET", "/app", bearer=jwt({"iss": "42", "iat": AT, "exp": AT + 600})), tell(1)))
    now = time.time()
    assert (
        ledger.ask(ask("GET", "/app", bearer=jwt({"iss": "43", "iat": now, "exp": now + 600}))).verdict
        is Verdict.REFUSE
    )
    assert (
        ledger.ask(ask("GET", "/app", bearer=jwt({"iss": "42", "iat": now, "exp": now + 600}))).verdict
        is Verdict.ACCEPT
    )
    assert accused(ledger) == []


KEY_ID, SECRET = "AKIAPLACEHOLDER00000", "placeholder/placeholder/placeholder/0000"
AWS = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


def aws(
    auth: type[SigV4Auth] = SigV4Auth,
    *,
    secret: str = SECRET,
    key_id: str = KEY_ID,
    method: str = "POST",
    path: str = "/",
    data: str = '{"TableName": "t"}',
    service: str = "dynamodb",
    target: str = "DynamoDB_20120810.GetItem",
    session: str | None = None,
) -> Request:
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"} if target else {}
    request = AWSRequest(
        method=method, url=f"https://{service}.eu-west-1.amazonaws.com{path}", data=data, headers=headers
    )
    auth(Credentials(key_id, secret, session), service, "eu-west-1").add_auth(request)
    shown = request.prepare()
    fields = tuple((str(n), v.decode() if isinstance(v, bytes) else str(v)) for n, v in shown.headers.items())
    return Request(method=method, url=shown.url, headers=fields, body=data.encode())


@pytest.mark.parametrize(
    "one",
    [
        aws(),
        aws(S3SigV4Auth, service="s3", method="PUT", path="/bucket/a%20key%2Bplus.txt", data="hello", target=""),
        aws(SigV4QueryAuth, service="s3", method="GET", path="/bucket/key?versionId=3", data="", target=""),
        aws(service="sqs", path="/a b/queue?Action=Send&Text=x%20y", data="", method="GET", target=""),
    ],
)
def test_a_request_that_botocore_signs_is_let_in(one: Request) -> None:
    ledger = replay((one, tell({"Item": 1})), environment=AWS)
    assert ledger.ask(one).verdict is Verdict.ACCEPT, ledger.accusations


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (aws(secret="another/another/another/another/another0"), "SignatureDoesNotMatch"),
        (aws(key_id="AKIAUNKNOWN000000000"), "InvalidClientTokenId"),
        (Request(method="POST", url="https://dynamodb.eu-west-1.amazonaws.com/", headers=(("X-Amz-Target", "DynamoDB_20120810.GetItem"),), body=b'{"TableName": "t"}'), "MissingAuthenticationToken"),
    ],
)  # fmt: skip
def test_a_request_that_another_key_signs_is_refused_in_the_words_of_aws(bad: Request, error: str) -> None:
    ledger = replay((aws(), tell({"Item": 1})), environment=AWS)
    ruling = ledger.ask(bad)
    assert (ruling.verdict, accused(ledger)) == (Verdict.REFUSE, ["auth-missing"])
    assert body(ruling)["__type"] == error


def test_a_signature_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = replay((aws(), tell({"Item": 1})), environment=AWS)
    ledger.clock.skew(1200)
    ruling = ledger.ask(aws())
    assert (body(ruling)["__type"], accused(ledger)) == ("RequestTimeTooSkewed", ["auth-expired"])


def test_a_session_token_that_is_left_out_is_missing() -> None:
    ledger = replay((aws(session="session_token_0a1b2c3d4e5f"), tell(1)), environment=AWS)
    assert ledger.ask(aws()).verdict is Verdict.REFUSE
    assert ledger.ask(aws(session="session_token_0a1b2c3d4e5f")).verdict is Verdict.ACCEPT


def test_temporary_keys_are_good_until_they_expire() -> None:
    xml = (
        "<AssumeRoleResponse><Credentials><AccessKeyId>ASIATEMPORARY0000000</AccessKeyId><SecretAccessKey>temporary/secret/"
        "temporary/secret/0000</SecretAccessKey><SessionToken>session_token_0a1b2c3d4e5f</SessionToken></Credentials></AssumeRoleResponse>"
    )
    given = Response(status=200, headers=(("Content-Type", "text/xml"),), body=xml.encode())
    sts = aws(service="sts", data="Action=AssumeRole", target="")
    use = aws(
        key_id="ASIATEMPORARY0000000",
        secret="temporary/secret/temporary/secret/0000",
        session="session_token_0a1b2c3d4e5f",
    )
    ledger = replay((sts, given), (use, tell(1)), environment=AWS)
    assert ledger.ask(use).verdict is Verdict.REFUSE, "before they are issued"
    assert ledger.ask(sts).verdict is Verdict.ACCEPT
    assert ledger.ask(use).verdict is Verdict.ACCEPT
    assert accused(ledger) == []


def test_an_aws_signature_is_made_again_with_the_placeholder() -> None:
    true = aws(secret="true/true/true/true/true/true/true/true0")
    made = resigned(true, true, {"true/true/true/true/true/true/true/true0": SECRET})
    ledger = replay((made, tell(1)), environment=AWS)
    assert ledger.ask(made).verdict is Verdict.ACCEPT


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    keys = {"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "n": "AA", "e": "AQAB"}]}
    ledger = replay((ask("GET", "/jwks"), tell(keys)))
    with pytest.raises(ProdparityError, match=r'pip install "pytest-prodparity\[jwt\]"') as shown:
        ledger.ask(ask("GET", "/jwks"))
    assert "Replaying tokens that the code verifies (RS256)" in str(shown.value)


def test_an_assertion_is_verified_with_the_key_that_the_code_was_given() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()

    def assertion(signer: ec.EllipticCurvePrivateKey) -> Request:
        now = int(time.time())
        signed = jwt({"iss": "robot", "iat": now, "exp": now + 300}, "ES256").rpartition(".")[0]
        numbers = decode_dss_signature(signer.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        token = f"{signed}.{packed(b''.join(number.to_bytes(32) for number in numbers))}"
        form = {"grant_type": "client_credentials", "client_assertion": token, "client_id": "robot"}
        return ask("POST", "/token", form=form)

    given = tell({"access_token": "at_1a2B3c4D5e6F7g8H"})
    ledger = replay((assertion(key), given), environment={"ROBOT_KEY": pem})
    assert ledger.ask(assertion(other)).verdict is Verdict.REFUSE
    assert ledger.ask(assertion(key)).verdict is Verdict.ACCEPT
    assert accused(ledger) == []
    ledger = replay((assertion(other), given), environment={"ROBOT_KEY": pem})
    assert ledger.ask(assertion(other)).verdict is Verdict.NOT_COVERED, "whose key it is, nobody knows"


def test_a_request_signed_for_another_region_is_refused() -> None:
    one = aws()
    ledger = replay((one, tell(1)), environment=AWS)
    headers = tuple((n, v.replace("eu-west-1", "us-east-1")) for n, v in one.headers)
    ruling = ledger.ask(Request(method="POST", url=one.url, headers=headers, body=one.body))
    assert "signed for us-east-1/dynamodb, recorded for eu-west-1/dynamodb" in ruling.why


def test_an_aws_key_that_is_not_known_here_is_not_checked() -> None:
    ledger = replay((aws(), tell(1)), environment={"OTHER_LONG_TOKEN": "x1" * 30})
    ruling = ledger.ask(aws())
    assert (ruling.verdict, accused(ledger)) == (Verdict.NOT_COVERED, [])
    assert "its signature is not checked" in ruling.why
