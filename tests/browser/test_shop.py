import json
import re
from collections import Counter
from typing import Final

import aiohttp
from playwright.async_api import Page, Request, Route, expect

from tests.browser.views import card, cards, switch
from tests.browser.visitors import Visitor, Visitors
from tests.system import System

ALERTS: Final = "**/api/alerts"


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


async def test_orders_are_told_once(visitors: Visitors, unique: str) -> None:
    """However many wait at the counter when the back office comes, and whoever else looks there."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    sent: Counter[str] = Counter()

    def requested(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/api/alerts"):
            sent[json.loads(request.post_data or "")["id"]] += 1

    person.context.on("request", requested)
    for number, product in enumerate(("oak shelf", "linen lamp", "wool rug"), 1):
        await page.get_by_role("button", name=f"Order the {product}").click()
        await expect(
            page.get_by_text(re.compile("order waits" if number == 1 else f"{number} orders wait"))
        ).to_be_visible()
    office = await _back_office(person)
    await expect(cards(office.locator("belfry-inbox")).filter(has_text=f"{unique} waits for it.")).to_have_count(3)
    await expect(page.get_by_text("at the counter")).to_be_hidden()
    await expect(office.get_by_role("button", name="Pack")).to_have_count(3)
    assert len(sent) == 6
    assert set(sent.values()) == {1}


async def test_an_order_that_is_taken_by_hand_is_told_like_any_other(visitors: Visitors, unique: str) -> None:
    """When it could not be told of by itself, the back office says why, and hears of it when somebody takes it."""
    person = await visitors.add(unique)
    person.allow("status of 503")
    page = await person.visit("/customer.html")
    await page.get_by_role("button", name="Order the brass clock").click()

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503)

    await person.context.route(ALERTS, refuse)
    office = await _back_office(person)
    await expect(office.get_by_role("alert").filter(has_text="the server answered 503")).to_be_visible()
    await person.context.unroute(ALERTS)
    await office.get_by_role("button", name="Take", exact=True).click()
    await expect(cards(office.locator("belfry-inbox")).filter(has_text=f"{unique} waits for it.")).to_have_count(1)


async def test_what_was_sent_is_a_list_that_is_read_out(visitors: Visitors, unique: str) -> None:
    """The region is there before there is something in it."""
    office = await _back_office(await visitors.add(unique))
    log = office.get_by_role("log")
    await expect(log).to_have_text("")
    await office.get_by_role("combobox", name=re.compile("^To")).select_option("other")
    await office.get_by_label("Audience").fill(f"user:{unique}-office")
    await office.get_by_role("button", name="Success", exact=True).first.click()
    await expect(log.get_by_role("listitem")).to_contain_text("Your refund is on its way")
    await expect(card(office.locator("belfry-inbox"), "Your refund is on its way")).to_be_visible()


async def test_a_page_within_the_shop_is_left_as_it_was_found(visitors: Visitors, unique: str) -> None:
    """Whoever goes on by a link that goes away is where the next page begins, and back again where they were."""
    person = await visitors.add(unique)
    page = await person.visit("/orders/10001")
    await expect(page.get_by_role("link", name="Orders")).to_have_attribute("aria-current", "true")
    await page.get_by_role("link", name="Have a look around the shop.").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Made once, kept for good.")).to_be_focused()
    await page.evaluate("scrollTo(0, 300)")
    await page.get_by_role("link", name="News").click()
    await expect(page.get_by_role("heading", name="News", level=1)).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("heading", name="Made once, kept for good.")).to_be_visible()
    await page.wait_for_function("scrollY === 300")


async def test_that_one_is_offline_is_read_out(visitors: Visitors, unique: str) -> None:
    """In a region that was there before: one that comes with its text is not read by all screen readers."""
    person = await visitors.add(unique)
    page = await person.visit("/customer.html")
    region = page.locator("shop-customer .top").get_by_role("status")
    await expect(region).to_have_text("")
    await switch(page).click()
    await expect(region).to_contain_text("You are offline.")


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


async def _back_office(person: Visitor) -> Page:
    """A tab of theirs with the back office, in which somebody else is signed in."""
    page = await person.open("/office.html")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await person.pick(page, f"{person.user}-office", "back-office", "Alerts.Send")
    await expect(page.get_by_role("button", name="Signed in as")).to_be_visible()
    return page
