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


async def test_an_alert_rings_at_once(visitors: Visitors, system: System, unique: str) -> None:
    """It comes live: the bell counts it, and its card is behind the bell."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    bell = page.locator("belfry-bell").get_by_role("button").first
    await expect(bell).to_have_accessible_name("Notifications, none unread")
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{unique}"], "title": "Your order is on its way"})
    await expect(bell).to_have_accessible_name("Notifications, 1 unread")
    await bell.click()
    await expect(page.locator("belfry-inbox").get_by_text("Your order is on its way")).to_be_visible()


async def test_two_people_share_the_stage(visitors: Visitors, system: System, unique: str) -> None:
    """Both sign in, one after the other, and each page shows what is for its own person."""
    ada, priya = unique, f"{unique}-office"
    visitor = await visitors.add(ada)
    page = await visitor.open("/")
    await page.get_by_role("button", name="Sign in both").click()
    await visitor.pick(page)
    await visitor.pick(page, priya, "back-office", "Alerts.Send")
    customer, office = (page.frame_locator(f'iframe[title^="{name}"]') for name in ("Customer", "Back office"))
    await expect(customer.get_by_role("button", name=f"Signed in as {ada}")).to_be_visible()
    await expect(office.get_by_role("button", name=f"Signed in as {priya}")).to_be_visible()
    async with system.publisher() as publisher:
        await publisher.send({"to": [f"user:{ada}"], "title": "Your order is packed"})
        await publisher.send({"to": [f"user:{priya}"], "title": "Stock is low"})
    await expect(customer.get_by_text("Your order is packed").first).to_be_visible()
    await expect(office.get_by_text("Stock is low").first).to_be_visible()


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


async def test_a_script_that_gets_onto_a_page_does_not_run(visitors: Visitors, unique: str) -> None:
    """Nor does the address of one from elsewhere load."""
    person = await visitors.add(unique)
    person.allow("Content Security Policy")
    page = await person.visit("/customer.html")
    await page.evaluate(
        """async () => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
            const other = document.createElement("script");
            other.src = "https://elsewhere.example/script.js";
            const refused = new Promise((done) => other.addEventListener("error", done));
            document.body.append(other);
            await refused;
        }"""
    )
    assert await page.evaluate("window.ran") is None
