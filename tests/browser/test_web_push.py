from playwright.async_api import expect

from tests.browser.device import BELL, Device, holds
from tests.browser.views import expect_unread
from tests.browser.visitors import Visitors
from tests.contract.notification_hubs.devices import Browser
from tests.phone import Phone
from tests.system import System


async def test_a_browser_without_the_shop_is_told_and_what_was_read_elsewhere_goes(
    visitors: Visitors, system: System, unique: str
) -> None:
    """From the switch to the notification: subscribed, registered, pushed, encrypted, shown, and taken back."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        answer = await phone.ask("GET", "/devices")
        assert [each["platform"] for each in answer["devices"]] == ["browser"]
        subscribed = await device.page.evaluate("JSON.parse(localStorage.subscribed)")
        assert subscribed == {"userVisibleOnly": True, "applicationServerKey": answer["applicationServerKey"]}
        await device.page.close()

        alert = {"id": unique, "to": [f"user:{unique}"], "title": "Your order is here", "push": "always"}
        async with system.publisher() as publisher:
            await publisher.send(alert)
        await device.take(1)
        await device.shows("Your order is here")
        await phone.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await device.take(2)
        await device.shows()


async def test_the_shop_in_the_background_tells_what_comes_and_takes_back_what_is_read(
    visitors: Visitors, system: System, unique: str
) -> None:
    """Without a push: the tab that leads has heard of it. A push of the same card changes nothing."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.hide()
        alert = {"id": unique, "to": [f"user:{unique}"], "title": "Your order is here", "push": "always"}
        async with system.publisher() as publisher:
            await publisher.send(alert)
        await device.shows("Your order is here")
        await device.take(1)
        await device.shows("Your order is here")
        await phone.ask("PATCH", f"/alerts/{unique}", json={"read": True})
        await device.shows()


async def test_who_signs_out_is_pushed_to_no_more(visitors: Visitors, system: System, unique: str) -> None:
    """Neither the browser nor the server knows of the device, and nothing is left on the screen."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.page.evaluate(f"{BELL}.signOut()")
        assert (await phone.ask("GET", "/devices"))["devices"] == []
        assert await device.page.evaluate("localStorage.subscribed ?? null") is None


async def test_a_click_on_a_notification_opens_its_card_in_the_tab_that_is_there(
    visitors: Visitors, system: System, unique: str
) -> None:
    """Without loading the shop anew; the notification goes."""
    visitor = await visitors.add(unique, permissions=["notifications"])
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.hide()
        await device.page.evaluate("window.stayed = true")
        alert = {"id": unique, "to": [f"user:{unique}"], "title": "On its way", "url": "/orders/1001"}
        async with system.publisher() as publisher:
            await publisher.send(alert)
        await device.shows("On its way")
        assert await device.click(unique) == []
        await expect(device.page.get_by_role("heading", name="Your orders")).to_be_visible()
        assert await device.page.evaluate("window.stayed")
        await expect_unread(device.page, 0)
        await device.shows()


async def test_a_click_on_a_notification_opens_the_shop_where_no_tab_is_there(
    visitors: Visitors, system: System, unique: str
) -> None:
    """At the alert's link, or at that of the button; the page there shows what it was about, and it is read."""
    visitor = await visitors.add(unique, permissions=["notifications"])
    async with Browser() as push:
        device = await Device.of(visitor, push)
        origin = device.page.url.removesuffix("/customer.html")
        await device.page.goto("about:blank")
        alert = {
            "to": [f"user:{unique}"],
            "title": "When may we come?",
            "url": "/orders/1001",
            "actions": [{"id": "news", "title": "Read the news", "url": "/news"}],
            "push": "always",
        }
        async with system.publisher() as publisher:
            await publisher.send({**alert, "id": f"{unique}-1"})
            await device.take(1)
            await publisher.send({**alert, "id": f"{unique}-2"})
            await device.take(2)
        await device.shows("When may we come?", "When may we come?")
        assert await device.click(f"{unique}-1") == [f"{origin}/orders/1001"]
        assert await device.click(f"{unique}-2", "news") == [f"{origin}/news"]
        await device.shows()
        await device.page.goto(f"{origin}/orders/1001")
        await expect(device.page.get_by_role("heading", name="Your orders")).to_be_visible()
        await expect_unread(device.page, 0)


async def test_preferences_that_are_saved_in_one_tab_count_in_the_one_that_leads(
    visitors: Visitors, system: System, unique: str
) -> None:
    """It is the one that shows notifications while nobody sees the shop."""
    visitor = await visitors.add(unique, permissions=["notifications"])
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await device.hide()
        other = await visitor.visit("/customer.html")
        await holds(other, f'{BELL}.snapshot.connection === "live"')
        await other.evaluate(
            f"""async () => {{
                const belfry = {BELL};
                await belfry.savePreferences({{ ...(await belfry.preferences()), minimumSeverity: "critical" }});
            }}"""
        )
        async with system.publisher() as publisher:
            await publisher.send({"to": [f"user:{unique}"], "title": "News of the workshop"})
            await publisher.send({"to": [f"user:{unique}"], "title": "The kiln is on fire", "severity": "critical"})
        await device.shows("The kiln is on fire")


async def test_who_has_everything_erased_is_pushed_to_no_more(visitors: Visitors, system: System, unique: str) -> None:
    """The switch says so at once, also on the devices on which it was not asked for."""
    visitor, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        device = await Device.of(visitor, push)
        await holds(device.page, f'{BELL}.push.state === "on" && {BELL}.snapshot.connection === "live"')
        await phone.ask("DELETE", "/me", 204)
        await holds(device.page, f'{BELL}.push.state === "off"')
        assert await device.page.evaluate("localStorage.subscribed ?? null") is None
