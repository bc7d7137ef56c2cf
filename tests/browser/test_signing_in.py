import json
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp
from playwright.async_api import Page, Request, Route, expect

from tests.browser.views import expect_unread
from tests.browser.visitors import Visitors
from tests.system import System, eventually

EXPIRED: Final = "Signature has expired|status of 401|status of 400"
SESSION: Final = """Object.keys(localStorage).find((key) => key.startsWith("hearth-and-oak.customer.user:"))"""
"""Under which name the shop keeps who is signed in as a customer."""


async def test_a_code_is_worth_nothing_to_who_overhears_it(visitors: Visitors, unique: str) -> None:
    """Whoever signs in proves at the end that it was they who began: PKCE with S256, and no secret in the page."""
    person = await visitors.add(unique)
    requests: list[Request] = []
    person.context.on("request", lambda request: requests.append(request))  # noqa: PLW0108  # Playwright marks what it calls
    await person.visit("/customer.html")
    [begun] = [parse_qs(urlsplit(each.url).query) for each in requests if "/authorize?" in each.url]
    [ended] = [parse_qs(each.post_data or "") for each in requests if each.url.endswith("/token")]
    assert begun["code_challenge_method"] == ["S256"]
    assert begun["response_type"] == ["code"]
    assert len(begun["code_challenge"][0]) == 43
    assert len(ended["code_verifier"][0]) >= 43
    assert "client_secret" not in ended


async def test_who_signs_out_leaves_nothing_behind(visitors: Visitors, system: System, unique: str) -> None:
    """No card, no mark, no token stays in the browser; their other tabs close, and the next person sees their own."""
    person = await visitors.add(unique)
    page, other = await person.visit("/customer.html"), await person.visit("/orders")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "For nobody else"})
    await expect_unread(page, 1)
    await page.get_by_role("button", name="Signed in as").click()
    async with page.expect_navigation():
        await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("button", name="Sign in both")).to_be_visible()
    await expect(other.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert await page.evaluate(SESSION) is None
    assert await _stored(page) == []
    assert "For nobody else" not in await other.locator("body").inner_text()

    await other.get_by_role("button", name="Sign in", exact=True).click()
    await person.pick(other, f"{unique}-next")
    await expect(other.get_by_role("button", name=f"Signed in as {unique}-next")).to_be_visible()
    await expect_unread(other, 0)


async def test_without_a_provider_one_can_sign_out_and_is_told_why_one_cannot_sign_in(
    visitors: Visitors, unique: str
) -> None:
    """Signed out is who wants to be, at the provider or not."""
    person = await visitors.add(unique)
    person.allow("ERR_FAILED")
    page = await person.visit("/customer.html")
    await page.reload()
    await expect_unread(page, 0)

    async def cut(route: Route) -> None:
        await route.abort()

    await person.context.route("**/.well-known/openid-configuration", cut)
    await page.get_by_role("button", name="Signed in as").click()
    async with page.expect_navigation():
        await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in both").click()
    await expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()
    assert await page.evaluate(SESSION) is None
    await page.goto(page.url + "customer.html")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert").filter(has_text="cannot be reached")).to_be_visible()


async def test_a_token_that_is_over_is_renewed_without_a_word(visitors: Visitors, system: System, unique: str) -> None:
    """An hour later nobody has to sign in again, nor notices: the next request gets a new token."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "title": "Read me"})
    await expect_unread(page, 1)
    await _change_session(page, {"expires_at": 0})
    async with page.expect_request(lambda request: request.url.endswith("/token")) as renewal:
        await page.evaluate("document.querySelector('belfry-bell').belfry.markAllRead()")
    assert "grant_type=refresh_token" in ((await renewal.value).post_data or "")
    await _read(system, unique)


async def test_a_token_that_the_server_refuses_is_renewed_too(visitors: Visitors, system: System, unique: str) -> None:
    """The clocks of a browser and a server need not agree on when an hour is over."""
    person = await visitors.add(unique)
    person.allow(EXPIRED)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"id": unique, "to": [f"user:{unique}"], "title": "Read me"})
    await expect_unread(page, 1)
    await _change_session(page, {"access_token": await system.token(unique, expires_in="-60")})
    await page.evaluate("document.querySelector('belfry-bell').belfry.markAllRead()")
    await _read(system, unique)


async def test_a_session_that_was_ended_elsewhere_says_so(visitors: Visitors, system: System, unique: str) -> None:
    """The page says that the person is signed out, and lets them in again; then all is as it was."""
    person = await visitors.add(unique)
    person.allow(EXPIRED)
    page = await person.visit("/customer.html")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Before"})
        await expect_unread(page, 1)
        await _revoke(page, system)
        await _change_session(page, {"access_token": await system.token(unique, expires_in="-60")})
        await page.evaluate("document.querySelector('belfry-bell').belfry.markAllRead()")
        await publisher.send({"to": [f"user:{unique}"], "title": "Behind the door"})
    await expect(page.get_by_text("Your session has ended.")).to_be_visible()
    await page.get_by_role("button", name="Sign in again").click()
    await person.pick(page)
    await expect(page.get_by_role("button", name=f"Signed in as {unique}")).to_be_visible()
    await expect(page.get_by_text("Your session has ended.")).to_be_hidden()
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Inside again"})
    await page.get_by_role("button", name="Notifications").first.click()
    await expect(page.locator("belfry-inbox").get_by_role("heading", name="Inside again")).to_be_visible()
    await expect(page.locator("belfry-inbox").get_by_role("heading", name="Behind the door")).to_be_visible()


async def test_keys_that_are_changed_sign_nobody_out(visitors: Visitors, system: System, unique: str) -> None:
    """The provider signs with a new key, and who signs in then, or was signed in before, is let in."""
    before, after = await visitors.add(unique), await visitors.add(f"{unique}-after")
    page = await before.visit("/customer.html")
    async with (
        aiohttp.ClientSession() as session,
        session.post(system.settings["AUTH_ISSUER"] + "/_rotate") as response,
    ):
        assert response.ok
    other = await after.visit("/customer.html")
    await page.reload()
    await expect_unread(page, 0)
    await expect_unread(other, 0)
    await expect(page.locator("belfry-bell .offline")).to_be_hidden()


async def _read(system: System, user: str) -> None:
    """Wait until the server knows that all was read."""

    async def known() -> bool:
        return all(each["read"] for each in await system.history(user))

    await eventually(known)


async def _stored(page: Page) -> list[str]:
    """What the browser keeps for the shop: the names of databases, and of what is not the shop's own."""
    found: list[str] = await page.evaluate(
        """async () => [
            ...(await indexedDB.databases()).map(({ name }) => name),
            ...Object.keys(localStorage).filter((key) => key !== "hearth-and-oak.counter"),
            ...Object.keys(sessionStorage),
        ]"""
    )
    return found


async def _session(page: Page) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(await page.evaluate(f"localStorage.getItem({SESSION})"))
    return kept


async def _change_session(page: Page, change: dict[str, Any]) -> None:
    await page.evaluate(
        f"(session) => localStorage.setItem({SESSION}, session)", json.dumps({**await _session(page), **change})
    )


async def _revoke(page: Page, system: System) -> None:
    """End the session at the provider: a refresh token that comes twice was stolen."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": (await _session(page))["refresh_token"],
        "client_id": "hearth-and-oak",
    }
    async with aiohttp.ClientSession() as session:
        for status in (200, 400):
            async with session.post(system.settings["AUTH_ISSUER"] + "/token", data=form) as response:
                assert response.status == status
