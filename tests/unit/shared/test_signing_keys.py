import asyncio
from typing import Any

import pytest

from shared.errors import TransientError
from shared.identity import FIRST_SECONDS, KEYS_SECONDS, REFRESH_SECONDS, Authenticator, NotAuthenticatedError
from tests.unit.shared.issuer import (
    EC,
    ED,
    OTHER_RSA,
    RSA,
    Issuer,
    Seconds,
    build,
    public,
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


async def test_keys_are_asked_for_once(authenticator: Authenticator, issuer: Issuer, seconds: Seconds) -> None:
    """Any number of requests within the hour cost the issuer one look, also when they come all at once."""
    await asyncio.gather(*(authenticator.authenticate(token()) for _ in range(20)))
    seconds.now += KEYS_SECONDS
    await authenticator.authenticate(token())
    assert issuer.asked == 1
    seconds.now += 1
    await authenticator.authenticate(token())
    assert issuer.asked == 2


async def test_a_new_key_is_looked_up_when_it_is_first_seen(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """Rotation needs no restart: the new key works at once, the old one is gone with it."""
    await authenticator.authenticate(token())
    seconds.now += REFRESH_SECONDS
    issuer.document = {"keys": [public(OTHER_RSA, "next")]}
    assert (await authenticator.authenticate(token(key=OTHER_RSA, headers={"kid": "next"}))).user == "ada"
    assert issuer.asked == 2
    await refusal(authenticator, token())


async def test_the_old_key_goes_on_beside_the_new_one(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """Tokens from before the rotation stay good as long as the issuer publishes their key."""
    await authenticator.authenticate(token())
    seconds.now += REFRESH_SECONDS
    issuer.document["keys"].append(public(OTHER_RSA, "next"))
    assert (await authenticator.authenticate(token(key=OTHER_RSA, headers={"kid": "next"}))).user == "ada"
    assert (await authenticator.authenticate(token())).user == "ada"


async def test_forged_key_ids_cannot_flood_the_issuer(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """Unknown key ids make us look once in ten seconds at most, however many come."""
    await authenticator.authenticate(token())
    for number in range(100):
        seconds.now += 1
        await refusal(authenticator, token(headers={"kid": f"forged-{number}"}))
    assert issuer.asked <= 1 + 100 / REFRESH_SECONDS


async def test_known_keys_go_on_when_the_issuer_is_away(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """An issuer that does not answer must not lock everyone out; it is asked again now and then."""
    await authenticator.authenticate(token())
    issuer.away = True
    for _ in range(30):
        seconds.now += KEYS_SECONDS / 10
        assert (await authenticator.authenticate(token())).user == "ada"
    await refusal(authenticator, token(headers={"kid": "unknown"}))
    issuer.away = False
    issuer.document = {"keys": [public(OTHER_RSA, "next")]}
    seconds.now += REFRESH_SECONDS
    await refusal(authenticator, token())


async def test_without_any_key_it_is_not_the_tokens_fault(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """Nobody is refused because the issuer is away: it is a 503, and soon tried again."""
    issuer.away = True
    for _ in range(3):
        with pytest.raises(TransientError):
            await authenticator.authenticate(token())
    assert issuer.asked == 1
    issuer.away = False
    seconds.now += FIRST_SECONDS
    assert (await authenticator.authenticate(token())).user == "ada"


NOT_KEY_SETS: list[dict[str, Any]] = [
    {},
    {"keys": None},
    {"keys": {}},
    {"keys": "x"},
    {"keys": [5, None, "x", []]},
    {"keys": [{}]},
    {"keys": [{"kty": "RSA", "kid": "rsa"}]},
    {"keys": [{"kty": "RSA", "kid": "rsa", "n": "!!!", "e": "AQAB"}]},
    {"keys": [{"kty": "RSA", "kid": "rsa", "n": 5, "e": 7}]},
    {"keys": [{"kty": "EC", "kid": "rsa", "crv": "P-256", "x": "AA", "y": "AA"}]},
    {"keys": [{"kty": "quantum", "kid": "rsa"}]},
    {"keys": [{"kty": "RSA", "kid": "rsa", "alg": "RSA-OAEP", "n": "AA", "e": "AQAB"}]},
]


@pytest.mark.parametrize("document", NOT_KEY_SETS, ids=str)
async def test_keys_that_are_none_are_left_out(issuer: Issuer, seconds: Seconds, document: dict[str, Any]) -> None:
    """An issuer's nonsense is the issuer's failure; what is usable beside it is used."""
    issuer.document = document
    with pytest.raises(TransientError):
        await build(issuer, seconds).authenticate(token())
    if isinstance(document.get("keys"), list):
        issuer.document = {"keys": [*document["keys"], public(EC, "ec")]}
        header = token(key=EC, algorithm="ES256", headers={"kid": "ec"})
        assert (await build(issuer, seconds).authenticate(header)).user == "ada"


async def test_nonsense_does_not_replace_good_keys(
    authenticator: Authenticator, issuer: Issuer, seconds: Seconds
) -> None:
    """An answer without a single usable key is taken for an outage, not for a revocation of everything."""
    await authenticator.authenticate(token())
    for document in NOT_KEY_SETS:
        issuer.document = document
        seconds.now += KEYS_SECONDS + 1
        assert (await authenticator.authenticate(token())).user == "ada"


async def test_encryption_keys_sign_nothing(seconds: Seconds) -> None:
    """A key that is published for another use is not one of the signing keys."""
    with pytest.raises(TransientError):
        await build(Issuer(public(RSA, "rsa", use="enc")), seconds).authenticate(token())


async def test_an_issuer_with_a_single_nameless_key_is_fine(seconds: Seconds) -> None:
    """Key ids are optional."""
    nameless = {name: value for name, value in public(RSA, "").items() if name not in ("kid", "use")}
    assert (await build(Issuer(nameless), seconds).authenticate(token(headers={"typ": "JWT"}))).user == "ada"
