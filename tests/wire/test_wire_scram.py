from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from pytest_prodparity.wire.scram import Login, LoginError, saslprep


def _request(kind: int, rest: bytes = b"") -> bytes:
    return kind.to_bytes(4, "big") + rest


def test_scram_gives_the_proof_of_rfc_7677() -> None:
    login = Login("", "pencil", nonce="rOprNGfwEbeRWgbNEkqO")
    first = login.answer(_request(10, b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"))
    assert first is not None
    assert first.endswith(b"SCRAM-SHA-256\0\0\0\0\x1cn,,n=,r=rOprNGfwEbeRWgbNEkqO")
    challenge = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    final = login.answer(_request(11, challenge))
    assert final is not None
    # The RFC's user is `user`; PostgreSQL's name is empty, so the proof is worked out here from the RFC's formulas.
    without = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    signed = f"n=,r=rOprNGfwEbeRWgbNEkqO,{challenge.decode()},{without}".encode()
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    key = hmac.digest(salted, b"Client Key", "sha256")
    signature = hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature, strict=True))).decode()
    assert final[5:].decode() == f"{without},p={proof}"
    server = base64.b64encode(hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256"))
    assert login.answer(_request(12, b"v=" + server)) is None
    with pytest.raises(LoginError, match="does not know the password"):
        login.answer(_request(12, b"v=" + base64.b64encode(b"wrong")))


def test_a_challenge_of_another_login_is_refused() -> None:
    login = Login("", "pencil")
    login.answer(_request(10, b"SCRAM-SHA-256\0\0"))
    with pytest.raises(LoginError, match="does not belong"):
        login.answer(_request(11, b"r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))


def test_md5_and_cleartext() -> None:
    inner = hashlib.md5(b"secretme").hexdigest().encode()
    expected = b"md5" + hashlib.md5(inner + b"salt").hexdigest().encode()
    assert Login("me", "secret").answer(_request(5, b"salt")) == b"p" + (40).to_bytes(4, "big") + expected + b"\0"
    assert Login("me", "secret").answer(_request(3)) == b"p\0\0\0\x0bsecret\0"
    assert Login("me", "secret").answer(_request(0)) is None


@pytest.mark.parametrize(("request_body", "named"), [(_request(7), "method 7"), (_request(10, b"OTHER\0\0"), "OTHER")])
def test_other_methods_are_named_and_refused(request_body: bytes, named: str) -> None:
    with pytest.raises(LoginError, match=named):
        Login("me", "secret").answer(request_body)


def test_passwords_are_prepared_as_the_server_prepares_them() -> None:
    assert saslprep("I\xadX") == "IX"
    assert saslprep("\u2168 \xa0") == "IX  "
    assert saslprep("\u0007é") == "\u0007é"
