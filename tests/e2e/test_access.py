import asyncio
import base64
import json
import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.system import SECONDS, System

OPERATIONS = [("GET", "/alerts"), ("POST", "/alerts"), ("POST", "/negotiate")]


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _unsigned(good: str) -> str:
    claims = jwt.decode(good, options={"verify_signature": False})
    return f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{_segment(claims)}."


def _signed_by_another(good: str) -> str:
    claims = jwt.decode(good, options={"verify_signature": False})
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, "RS256", headers={"kid": jwt.get_unverified_header(good)["kid"]})


def _signed_with_a_secret(good: str) -> str:
    claims = jwt.decode(good, options={"verify_signature": False})
    return jwt.encode(claims, "a" * 64, "HS256", headers={"kid": jwt.get_unverified_header(good)["kid"]})


def _changed(good: str) -> str:
    header, _, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    return f"{header}.{_segment({**claims, 'oid': 'somebody-else', 'sub': 'somebody-else'})}.{signature}"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_without_a_token_nothing_is_served(system: System, method: str, path: str) -> None:
    """401 with a problem document, and a challenge that names the scheme."""
    status, headers, problem = await system.request(method, path)
    assert (status, problem["code"], problem["status"]) == (401, "unauthenticated", 401)
    assert headers["Content-Type"].startswith("application/problem+json")
    assert headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("forge", [_unsigned, _signed_by_another, _signed_with_a_secret, _changed, lambda _: "garbage"])
async def test_a_forged_token_is_refused(system: System, forge: Callable[[str], str]) -> None:
    """No algorithm, another key, a secret instead of a key, changed claims, no token at all: 401."""
    good = await system.token("ada", "Alerts.Send")
    for method, path in OPERATIONS:
        status, _, problem = await system.request(method, path, token=forge(good))
        assert (status, problem["code"]) == (401, "unauthenticated")


async def test_a_token_for_another_audience_or_past_its_time_is_refused(system: System) -> None:
    """A real token of the issuer counts only here and now."""
    for token in (
        await system.token("ada", audience="another-app"),
        await system.token("ada", expires_in="1"),
    ):
        claims = jwt.decode(token, options={"verify_signature": False})
        if claims["aud"] == "belfry":
            await asyncio.sleep(claims["exp"] + 6 - time.time())  # the leeway between clocks is 5 s
        status, _, problem = await system.request("GET", "/alerts", token=token)
        assert (status, problem["code"]) == (401, "unauthenticated")


async def test_another_issuers_token_is_refused(system: System) -> None:
    """A token that is well signed, but by somebody else in our issuer's name or in their own, is refused."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    for issuer in (system.settings["AUTH_ISSUER"], "https://example.com"):
        claims = {"iss": issuer, "aud": "belfry", "sub": "ada", "iat": now, "exp": now + 600}
        token = jwt.encode(claims, key, "RS256", headers={"kid": "theirs"})
        status, _, _ = await system.request("GET", "/alerts", token=token)
        assert status == 401


async def test_another_persons_history_is_out_of_reach(system: System, unique: str) -> None:
    """Whatever one puts in the query, the history is that of the token's person."""
    async with system.inbox(f"ada-{unique}") as ada, system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:ada-{unique}"], "title": "Private"})
        await ada.wait_for([unique], SECONDS)
    mallory = await system.token(f"mallory-{unique}")
    for name in ("user", "audience", "audiences", "to", "partition", "role", "oid", "sub"):
        status, _, problem = await system.request(
            "GET", "/alerts", token=mallory, params={name: f"user:ada-{unique}", "limit": "5"}
        )
        assert (status, problem["code"], problem["field"]) == (400, "invalid-parameter", name)
    for before in ("' OR 1=1 --", "9999999999999-9999999999999999999", "\u0000"):
        status, _, answer = await system.request("GET", "/alerts", token=mallory, params={"before": before})
        assert "Private" not in json.dumps(answer)
        assert status in (200, 400)


async def test_a_client_address_gives_no_right_to_send(system: System, unique: str) -> None:
    """What negotiate hands out lets a client listen to its own audiences, and nothing else."""
    token = await system.token(unique, "back-office")
    status, _, answer = await system.request("POST", "/negotiate", token=token)
    assert status == 200
    assert (answer["user"], answer["audiences"]) == (unique, [f"user:{unique}", "role:back-office", "everyone"])
    access = answer["url"].split("access_token=")[1]
    claims = jwt.decode(access, options={"verify_signature": False})
    assert claims["sub"] == unique
    assert claims["webpubsub.group"] in ("role:back-office", ["role:back-office"])
    assert not claims.get("role")


async def test_sending_needs_the_producers_role(system: System) -> None:
    """A signed-in person who is no producer gets 403."""
    token = await system.token("ada", "back-office")
    status, _, problem = await system.request("POST", "/alerts", token=token, json={"to": ["everyone"], "title": "x"})
    assert (status, problem["code"]) == (403, "forbidden")


async def test_health_says_which_backends_answer(system: System) -> None:
    """Without a token, and without a word about the inside."""
    status, _, health = await system.request("GET", "/health")
    assert (status, health["status"]) == (200, "ok")
    assert {name for name, backend in health["backends"].items() if backend["answers"]} == {
        "cosmosDb",
        "notificationHubs",
        "serviceBus",
        "webPubSub",
    }
