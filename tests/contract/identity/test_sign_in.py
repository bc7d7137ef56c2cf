import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest

REDIRECT = "http://localhost:4280/signed-in"


class Forms(HTMLParser):
    """Reads the fields and buttons of a page's forms, as a browser does."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[dict[str, str]] = []
        self.buttons: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.fields.append({})
        elif tag == "input" and given.get("type") == "hidden":
            self.fields[-1][given["name"]] = given["value"]
        elif tag == "button" and "name" in given:
            self.buttons.append((given["name"], given["value"]))


@dataclass
class Client:
    """A public client that knows nothing but the issuer, and does what the standards say."""

    http: aiohttp.ClientSession
    issuer: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=secrets.token_urlsafe)
    nonce: str = field(default_factory=secrets.token_urlsafe)

    async def metadata(self) -> dict[str, Any]:
        """The provider's discovery document."""
        async with self.http.get(f"{self.issuer}/.well-known/openid-configuration") as response:
            document: dict[str, Any] = await response.json()
            return document

    async def pick(self, **choice: str) -> dict[str, str]:
        """Open the page and send its form with a choice; returns what comes back to the client's address."""
        endpoint = (await self.metadata())["authorization_endpoint"]
        query = {
            "response_type": "code",
            "client_id": "shop",
            "redirect_uri": REDIRECT,
            "scope": "openid profile offline_access",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": self.challenge(),
            "code_challenge_method": "S256",
        }
        async with self.http.get(endpoint, params=query) as response:
            assert response.status == 200
            forms = Forms()
            forms.feed(await response.text())
        assert all(button in forms.buttons for button in choice.items())
        async with self.http.post(endpoint, data={**forms.fields[0], **choice}, allow_redirects=False) as response:
            assert response.status == 303
            location = response.headers["Location"]
        assert location.startswith(f"{REDIRECT}?")
        return {name: value for name, [value] in parse_qs(urlsplit(location).query).items()}

    async def redeem(self, code: str, **change: str) -> tuple[int, dict[str, Any]]:
        """Exchange a code for tokens."""
        return await self.token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "client_id": "shop",
                "redirect_uri": REDIRECT,
                "code_verifier": self.verifier,
                **change,
            }
        )

    async def token(self, form: Mapping[str, str], **headers: str) -> tuple[int, dict[str, Any]]:
        """Post a form to the token endpoint; returns the status and the JSON of the answer."""
        endpoint = (await self.metadata())["token_endpoint"]
        async with self.http.post(endpoint, data=form, headers=headers) as response:
            assert response.headers["Cache-Control"] == "no-store"
            return response.status, await response.json()

    async def validated(self, token: str, audience: str) -> dict[str, Any]:
        """The claims of a token, after all that PyJWT checks."""
        metadata = await self.metadata()
        key = jwt.PyJWKClient(metadata["jwks_uri"]).get_signing_key_from_jwt(token)
        algorithms = metadata["id_token_signing_alg_values_supported"]
        required = ["exp", "iat", "nbf", "sub"] if audience == "belfry" else ["exp", "iat", "sub"]
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            audience=audience,
            issuer=metadata["issuer"],
            options={"require": required},
        )

    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636 §4.2)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def client(http: aiohttp.ClientSession, issuer: str) -> Client:
    """A client with a fresh verifier, state and nonce."""
    return Client(http, issuer)


async def test_a_client_signs_somebody_in(client: Client, issuer: str) -> None:
    """Discovery, page, code, tokens, keys, userinfo: each step finds what the one before promised."""
    answer = await client.pick(user="ada")
    assert (answer["state"], answer["iss"]) == (client.state, issuer)
    status, tokens = await client.redeem(answer["code"])
    assert status == 200
    identity = await client.validated(tokens["id_token"], "shop")
    assert (identity["sub"], identity["name"], identity["nonce"]) == ("ada", "Ada Lindqvist", client.nonce)
    access = await client.validated(tokens["access_token"], "belfry")
    assert (access["oid"], access["roles"]) == ("ada", ["customer"])
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with client.http.get((await client.metadata())["userinfo_endpoint"], headers=bearer) as response:
        assert (await response.json())["sub"] == "ada"


async def test_a_session_goes_on_and_ends(client: Client) -> None:
    """A refresh token gives new tokens, until the person signs out."""
    _, tokens = await client.redeem((await client.pick(user="grace"))["code"])
    form = {"grant_type": "refresh_token", "client_id": "shop", "refresh_token": tokens["refresh_token"]}
    status, refreshed = await client.token(form)
    assert status == 200
    assert (await client.validated(refreshed["access_token"], "belfry"))["sub"] == "grace"
    query = {"id_token_hint": refreshed["id_token"], "post_logout_redirect_uri": REDIRECT, "state": "s"}
    endpoint = (await client.metadata())["end_session_endpoint"]
    async with client.http.get(endpoint, params=query, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (303, f"{REDIRECT}?state=s")
    status, refused = await client.token({**form, "refresh_token": refreshed["refresh_token"]})
    assert (status, refused["error"]) == (400, "invalid_grant")


async def test_a_wrong_verifier_gets_nothing(client: Client) -> None:
    """Whoever caught the code without the verifier cannot use it."""
    code = (await client.pick(user="ada"))["code"]
    status, refused = await client.redeem(code, code_verifier="x" * 43)
    assert (status, refused["error"]) == (400, "invalid_grant")


async def test_a_code_that_comes_twice_gets_nothing(client: Client) -> None:
    """A code is good for one exchange."""
    code = (await client.pick(user="ada"))["code"]
    assert (await client.redeem(code))[0] == 200
    status, refused = await client.redeem(code)
    assert (status, refused["error"]) == (400, "invalid_grant")


async def test_a_wrong_address_is_told_to_the_person(client: Client) -> None:
    """Nobody is sent to an address that is neither this machine's nor registered."""
    endpoint = (await client.metadata())["authorization_endpoint"]
    query = {"client_id": "shop", "redirect_uri": "https://evil.example/", "response_type": "code"}
    async with client.http.get(endpoint, params=query, allow_redirects=False) as response:
        assert response.status == 400
        assert "Location" not in response.headers
        assert "https://evil.example/" in await response.text()


async def test_declining_is_an_answer_too(client: Client) -> None:
    """The button to cancel tells the client so."""
    answer = await client.pick(cancel="1")
    assert (answer["error"], answer["state"]) == ("access_denied", client.state)


async def test_someone_else_can_sign_in(client: Client) -> None:
    """Any id signs in with any roles; an impossible one is refused on the page, which keeps what was typed."""
    endpoint = (await client.metadata())["authorization_endpoint"]
    form = {
        "response_type": "code",
        "client_id": "shop",
        "redirect_uri": REDIRECT,
        "code_challenge": client.challenge(),
        "code_challenge_method": "S256",
        "roles": "support, Alerts.Send",
    }
    async with client.http.post(endpoint, data={**form, "user": "no spaces"}, allow_redirects=False) as response:
        assert response.status == 400
        assert 'value="no spaces"' in await response.text()
    async with client.http.post(endpoint, data={**form, "user": "zoe@example.com"}, allow_redirects=False) as response:
        code = parse_qs(urlsplit(response.headers["Location"]).query)["code"][0]
    _, tokens = await client.redeem(code)
    access = await client.validated(tokens["access_token"], "belfry")
    assert (access["sub"], access["roles"]) == ("zoe@example.com", ["support", "Alerts.Send"])


async def test_the_page_runs_no_script_and_stays_out_of_frames(client: Client) -> None:
    """The sign-in page cannot be made to do what its person did not want."""
    endpoint = (await client.metadata())["authorization_endpoint"]
    async with client.http.get(endpoint) as response:
        assert response.status == 400
        policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_scripts_get_a_token_with_one_form(client: Client) -> None:
    """`user` and `roles` are enough for a token that passes every check."""
    status, answer = await client.token({"user": "checkout", "roles": "Alerts.Send"})
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3600)
    access = await client.validated(answer["access_token"], "belfry")
    assert (access["sub"], access["roles"]) == ("checkout", ["Alerts.Send"])


async def test_an_expired_token_is_recognised(client: Client) -> None:
    """A token with a negative lifetime is refused by whoever checks it."""
    _, answer = await client.token({"user": "ada", "expires_in": "-60"})
    with pytest.raises(jwt.ExpiredSignatureError):
        await client.validated(answer["access_token"], "belfry")


async def test_clients_have_no_secret(client: Client) -> None:
    """A client that authenticates itself learns that it must not (RFC 6749 §5.2)."""
    status, refused = await client.token({"user": "ada"}, Authorization="Basic c2hvcDpzZWNyZXQ=")
    assert (status, refused["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"user": "ada"}'),
        ("application/x-www-form-urlencoded", b"user=\xff"),
        ("application/x-www-form-urlencoded; charset=nonsense", b"user=ada"),
    ],
)
async def test_the_body_must_be_a_form(client: Client, content_type: str, body: bytes) -> None:
    """Anything else at the token endpoint is refused in words."""
    headers = {"Content-Type": content_type}
    async with client.http.post(f"{client.issuer}/token", data=body, headers=headers) as response:
        assert (response.status, (await response.json())["error"]) == (400, "invalid_request")


async def test_a_rotated_key_signs_beside_the_old_one(client: Client) -> None:
    """Tokens from before and after a rotation both pass."""
    _, before = await client.token({"user": "ada"})
    async with client.http.post(f"{client.issuer}/_rotate") as response:
        rotated = (await response.json())["kid"]
    _, after = await client.token({"user": "ada"})
    assert jwt.get_unverified_header(after["access_token"])["kid"] == rotated
    for answer in (before, after):
        assert (await client.validated(answer["access_token"], "belfry"))["sub"] == "ada"


async def test_a_bad_bearer_token_is_challenged(client: Client) -> None:
    """The userinfo endpoint refuses as RFC 6750 says."""
    async with client.http.get(f"{client.issuer}/userinfo", headers={"Authorization": "Bearer x"}) as response:
        assert response.status == 401
        assert response.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')


@pytest.mark.parametrize(
    ("origin", "allowed"), [("http://localhost:4280", "http://localhost:4280"), ("https://evil.example", None)]
)
async def test_pages_of_this_machine_may_call_it(client: Client, origin: str, allowed: str | None) -> None:
    """A browser lets local pages read the answers, and those of other sites not."""
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    async with client.http.options(f"{client.issuer}/userinfo", headers=asked) as response:
        assert response.status == 204
        assert response.headers.get("Access-Control-Allow-Origin") == allowed
        assert "authorization" in response.headers["Access-Control-Allow-Headers"]
    async with client.http.post(f"{client.issuer}/token", data={"user": "a b"}, headers={"Origin": origin}) as response:
        assert response.status == 400
        assert response.headers.get("Access-Control-Allow-Origin") == allowed


async def test_who_opens_its_address_is_told_what_it_is_for(client: Client) -> None:
    """By a page that names where discovery and tokens are."""
    async with client.http.get(client.issuer + "/") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        text = await response.text()
    assert f"{client.issuer}/.well-known/openid-configuration" in text
    assert f"{client.issuer}/token" in text
