import base64
import hmac
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from shared.identity import (
    LEEWAY_SECONDS,
    MAXIMUM_TOKEN_CHARACTERS,
    Authenticator,
    NotAuthenticatedError,
    Person,
)
from tests.unit.shared.issuer import (
    AUDIENCE,
    EC,
    ED,
    ISSUER,
    OTHER_RSA,
    RSA,
    Issuer,
    PrivateKey,
    Seconds,
    build,
    claims,
    public,
    segment,
    token,
)


@pytest.fixture
def issuer() -> Issuer:
    """An issuer with a key of each kind."""
    return Issuer(public(RSA, "rsa"), public(EC, "ec"), public(ED, "ed"))


@pytest.fixture
def seconds() -> Seconds:
    """A clock that stands."""
    return Seconds()


@pytest.fixture
def authenticator(issuer: Issuer, seconds: Seconds) -> Authenticator:
    """One that has not asked for keys yet."""
    return build(issuer, seconds)


async def refusal(authenticator: Authenticator, authorization: str | None) -> str:
    """The words that a header is refused with."""
    with pytest.raises(NotAuthenticatedError) as error:
        await authenticator.authenticate(authorization)
    return str(error.value)


@pytest.mark.parametrize(
    ("key", "algorithm", "key_id"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (ED, "EdDSA", "ed")]
)
async def test_tokens_of_the_issuer_are_accepted(
    authenticator: Authenticator, key: PrivateKey, algorithm: str, key_id: str
) -> None:
    """Whatever asymmetric kind of key it has."""
    header = token(key=key, algorithm=algorithm, headers={"kid": key_id}, roles=["back-office", "Alerts.Send"])
    person = await authenticator.authenticate(header)
    assert person == Person("ada", frozenset({"back-office", "Alerts.Send"}))


@pytest.mark.parametrize("algorithm", ["RS384", "PS256"])
async def test_the_algorithm_is_the_one_of_the_key(seconds: Seconds, algorithm: str) -> None:
    """A key that says what it is for serves only for that; one that does not, for the usual algorithm of its kind."""
    header = token(algorithm=algorithm)
    named = build(Issuer(public(RSA, "rsa", alg=algorithm)), seconds)
    assert (await named.authenticate(header)).user == "ada"
    for key in (public(RSA, "rsa"), public(RSA, "rsa", alg="RS256")):
        await refusal(build(Issuer(key), seconds), header)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Token x", "bearer:x", "Bearer\tx"]
)
async def test_without_a_bearer_token_nobody_is_there(
    authenticator: Authenticator, issuer: Issuer, authorization: str | None
) -> None:
    """The issuer is not even asked."""
    await refusal(authenticator, authorization)
    assert issuer.asked == 0


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_read_without_regard_to_case(authenticator: Authenticator, scheme: str) -> None:
    """As HTTP has it."""
    assert (await authenticator.authenticate(token().replace("Bearer", scheme))).user == "ada"


GARBAGE = [
    "x",
    "x.y",
    "x.y.z",
    "...",
    "a.b.c.d.e",
    "\ud800.\ud800.\ud800",
    "ünïcode.x.y",
    segment([]) + ".e30.e30",
    segment("x") + ".e30.e30",
    segment({"alg": "RS256", "kid": 5}) + ".e30.e30",
    segment({"alg": "RS256", "kid": ["rsa"]}) + ".e30.e30",
    segment({"alg": ["RS256"], "kid": "rsa"}) + ".e30.e30",
    segment({"alg": {"RS256": 1}, "kid": "rsa"}) + ".e30.e30",
    segment({"alg": None, "kid": "rsa"}) + ".e30.e30",
    segment({"kid": "rsa"}) + ".e30.e30",
    segment({"alg": "RS256", "kid": "rsa", "crit": ["x"]}) + ".e30.e30",
    segment({"alg": "RS256", "kid": "rsa", "b64": False}) + ".e30.e30",
    base64.urlsafe_b64encode(b"[" * 9_000).decode() + ".e30.e30",
    base64.urlsafe_b64encode(b'{"a":' * 2_000).decode() + ".e30.e30",
    base64.urlsafe_b64encode(b"\xff\xfe").decode() + ".e30.e30",
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: ascii(garbage)[:40])
async def test_garbage_is_refused_and_nothing_worse(authenticator: Authenticator, garbage: str) -> None:
    """Anyone may send anything: it is a 401, never an error of ours."""
    await refusal(authenticator, f"Bearer {garbage}")


@given(st.text(max_size=60) | st.lists(st.text(alphabet="eyJhbGciOi.", max_size=12), max_size=4).map(".".join))
async def test_any_text_is_refused_and_nothing_worse(text: str) -> None:
    """The same for all the garbage that there is."""
    await refusal(build(Issuer(public(RSA, "rsa")), Seconds()), f"Bearer {text}")


async def test_a_token_that_is_too_long_is_not_read(authenticator: Authenticator, issuer: Issuer) -> None:
    """What is longer than any token is refused before it costs anything."""
    assert "too long" in await refusal(authenticator, "Bearer " + "x" * (MAXIMUM_TOKEN_CHARACTERS + 1))
    assert issuer.asked == 0


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
async def test_unsigned_tokens_are_refused(authenticator: Authenticator, algorithm: str) -> None:
    """`alg: none` in any spelling, with and without something where the signature stands."""
    unsigned = f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{segment(claims())}"
    for signature in ("", "eA", token().rpartition(".")[2]):
        assert "algorithm" in await refusal(authenticator, f"Bearer {unsigned}.{signature}")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_secret(authenticator: Authenticator, algorithm: str) -> None:
    """Who signs with the public key, which everybody has, is refused (key confusion)."""
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{segment(claims())}"
    for secret in (pem, pem.strip(), json.dumps(public(RSA, "rsa")).encode()):
        signature = base64.urlsafe_b64encode(hmac_of(algorithm, secret, signed.encode())).rstrip(b"=").decode()
        assert "algorithm" in await refusal(authenticator, f"Bearer {signed}.{signature}")


def hmac_of(algorithm: str, secret: bytes, message: bytes) -> bytes:
    """What an attacker computes; the library refuses to."""
    return hmac.digest(secret, message, f"sha{algorithm[2:]}")


async def test_a_secret_among_the_keys_is_not_used(seconds: Seconds) -> None:
    """An issuer that publishes a symmetric key by mistake opens nothing."""
    secret = b"s" * 64
    key = {"kty": "oct", "kid": "rsa", "use": "sig", "k": base64.urlsafe_b64encode(secret).decode().rstrip("=")}
    for algorithm in ("HS256", "RS256"):
        header = f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'rsa'})}.{segment(claims())}"
        signature = base64.urlsafe_b64encode(hmac_of("HS256", secret, header.encode())).rstrip(b"=").decode()
        await refusal(build(Issuer(key), seconds), f"Bearer {header}.{signature}")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": OTHER_RSA}, "Signature"),
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": ISSUER + "/"}, "issuer"),
        ({"iss": None}, "iss"),
        ({"aud": "api://other"}, "udience"),
        ({"aud": ["api://other"]}, "udience"),
        ({"aud": None}, "aud"),
        ({"exp": int(time.time()) - LEEWAY_SECONDS - 60}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "xpiration"),
        ({"nbf": int(time.time()) + 3600}, "not yet valid"),
        ({"sub": None}, "not a user id"),
        ({"sub": ""}, "not a user id"),
        ({"sub": "a/b"}, "not a user id"),
        ({"sub": "a b"}, "not a user id"),
        ({"sub": ".."}, "not a user id"),
        ({"sub": "ada\n"}, "not a user id"),
        ({"sub": "x" * 129}, "not a user id"),
        ({"oid": 7}, "not a user id"),
        ({"oid": ["ada"]}, "not a user id"),
        ({"headers": {"kid": "unknown"}}, "does not have"),
        ({"headers": {"typ": "JWT"}}, "does not have"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value,
)
async def test_a_token_that_is_not_for_us_is_refused(
    authenticator: Authenticator, changes: dict[str, Any], words: str
) -> None:
    """Each check for itself, and the words say which one."""
    assert words in await refusal(authenticator, token(**changes))


async def test_a_changed_token_is_refused(authenticator: Authenticator) -> None:
    """Claims that were not signed are not believed."""
    header, _, signature = token().split(".")
    changed = segment(claims(sub="ben", roles=["Alerts.Send"]))
    assert "Signature" in await refusal(authenticator, f"{header}.{changed}.{signature}")


async def test_clocks_may_differ_a_little(authenticator: Authenticator) -> None:
    """A token that ends or begins this very second is good."""
    now = int(time.time())
    assert (await authenticator.authenticate(token(exp=now, nbf=now + 3))).user == "ada"


async def test_an_audience_may_be_one_of_several(authenticator: Authenticator) -> None:
    """`aud` may be a list that contains ours."""
    assert (await authenticator.authenticate(token(aud=["api://other", AUDIENCE]))).user == "ada"


async def test_the_user_is_the_oid_and_else_the_sub(authenticator: Authenticator) -> None:
    """Microsoft's `oid` is the same in all applications; other issuers have only `sub`."""
    assert (await authenticator.authenticate(token(oid="oid-1"))).user == "oid-1"
    assert (await authenticator.authenticate(token())).user == "ada"


async def test_another_claim_may_name_the_user(issuer: Issuer, seconds: Seconds) -> None:
    """Then only that one: without it there is no other."""
    by_mail = build(issuer, seconds, user_claim="email")
    assert (await by_mail.authenticate(token(email="ada@example.com", oid="o"))).user == "ada@example.com"
    assert "email" in await refusal(by_mail, token())


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (None, set()),
        ([], set()),
        ("single", {"single"}),
        (["a", "a", "b"], {"a", "b"}),
        (["ok", "not ok", "x" * 65, "", "a\n", 5, None, ["a"]], {"ok"}),
        ({"a": 1}, set()),
        (5, set()),
    ],
    ids=lambda value: "" if isinstance(value, set) else str(value),  # a set has no order
)
async def test_roles_that_no_audience_is_named_after_are_left_out(
    authenticator: Authenticator, roles: Any, expected: set[str]
) -> None:
    """They belong to another application; the person is still who they are."""
    assert (await authenticator.authenticate(token(roles=roles))).roles == expected


async def test_another_claim_may_list_the_roles(issuer: Issuer, seconds: Seconds) -> None:
    """For issuers that call them groups."""
    by_group = build(issuer, seconds, roles_claim="groups")
    assert (await by_group.authenticate(token(groups=["g"], roles=["r"]))).roles == {"g"}
