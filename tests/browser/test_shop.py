import aiohttp
from playwright.async_api import expect

from tests.browser.visitors import Visitors
from tests.system import System


async def test_a_person_signs_in_on_the_providers_page(visitors: Visitors, shop: str, unique: str) -> None:
    """They come back to where they were, by name, and stay signed in for the next tab."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    await expect(page).to_have_url(f"{shop}/customer.html")
    again = await person.open("/customer.html")
    await expect(again.get_by_role("button", name=f"Signed in as {unique}")).to_be_visible()


async def test_the_shop_learns_where_the_services_are(system: System, shop: str) -> None:
    """Its settings are those of this run, whichever ports were free."""
    async with aiohttp.ClientSession() as session, session.get(shop + "/shop.json") as response:
        settings = await response.json()
    assert settings["issuer"] == system.settings["AUTH_ISSUER"]
    assert settings["hub"] == system.cloud.urls["notification_hubs"]


async def test_every_page_is_guarded(shop: str) -> None:
    """No script but the shop's own runs on its pages, and nobody else can frame them."""
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/customer.html", "/office.html", "/orders/1001", "/stock"):
            async with session.get(shop + path) as response:
                assert response.status == 200
                policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'self'" in policy
            assert "unsafe" not in policy
