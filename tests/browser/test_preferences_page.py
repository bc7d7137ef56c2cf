from playwright.async_api import Locator, Page, expect

from tests.browser.device import can_subscribe
from tests.browser.views import cards, expect_unread, open_inbox, switch
from tests.browser.visitors import Visitors
from tests.contract.notification_hubs.devices import Browser
from tests.phone import Phone
from tests.system import System, eventually


async def test_who_follows_a_topic_hears_of_it_from_then_on(visitors: Visitors, system: System, unique: str) -> None:
    """At once and without a reload; what was said before stays unsaid, and who leaves hears no more."""
    page = await (await visitors.add(unique)).visit("/preferences")
    follows = page.get_by_role("checkbox", name="Offers", exact=True)
    offer = {"to": ["topic:offers"]}
    async with system.publisher() as publisher:
        await publisher.send({**offer, "title": f"Too early {unique}"})
        await expect(follows).not_to_be_checked()
        await follows.check()
        await _subscribed(system, unique, "offers")
        await publisher.send({**offer, "title": f"Half the price {unique}"})
        await expect_unread(page, 1)
        await follows.uncheck()
        await _subscribed(system, unique)
        await publisher.send({**offer, "title": f"Too late {unique}"})
        await publisher.send({"to": [f"user:{unique}"], "title": "For you alone"})
    inbox = await open_inbox(page)
    await expect(cards(inbox).filter(has_text="For you alone")).to_be_visible()
    await expect(cards(inbox).filter(has_text="Too")).to_have_count(0)


async def test_preferences_are_saved_at_once_and_shown_again(visitors: Visitors, system: System, unique: str) -> None:
    """A category that is turned off, quiet hours, how urgent it must be: here, on the server, and on another device."""
    person = await visitors.add(unique)
    page = await person.visit("/preferences")
    await page.get_by_role("checkbox", name="Delivery").uncheck()
    await _saved(page)
    await page.get_by_role("radio", name="Warnings and critical").check()
    await _saved(page)
    await page.get_by_role("checkbox", name="Quiet hours").check()
    await page.get_by_label("From", exact=True).fill("21:30")
    await page.get_by_label("To", exact=True).fill("06:15")
    await page.get_by_role("checkbox", name="Saturday").check()
    await page.get_by_label("Time zone").select_option("Asia/Tokyo")
    expected = {
        "mutedCategories": ["delivery"],
        "mutedTopics": [],
        "minimumSeverity": "warning",
        "quietHours": {"start": "21:30", "end": "06:15", "timeZone": "Asia/Tokyo", "days": ["saturday"]},
        "criticalAlways": True,
    }

    async def stored() -> bool:
        return bool(await Phone(system, unique).ask("GET", "/preferences") == expected)

    await eventually(stored)
    other = await (await visitors.add(unique)).visit("/preferences")
    await expect(other.get_by_role("checkbox", name="Delivery")).not_to_be_checked()
    await expect(other.get_by_role("radio", name="Warnings and critical")).to_be_checked()
    await expect(other.get_by_label("From", exact=True)).to_have_value("21:30")
    await expect(other.get_by_label("To", exact=True)).to_have_value("06:15")
    await expect(other.get_by_role("checkbox", name="Saturday")).to_be_checked()
    await expect(other.get_by_label("Time zone")).to_have_value("Asia/Tokyo")


async def test_quiet_hours_that_cannot_be_are_not_saved(visitors: Visitors, system: System, unique: str) -> None:
    """The page says what is wrong beside the field, and the server has what was there before."""
    page = await (await visitors.add(unique)).visit("/preferences")
    await page.get_by_role("checkbox", name="Quiet hours").check()
    await _saved(page)
    await page.get_by_label("To", exact=True).fill("22:00")
    await expect(page.get_by_text("They must not end when they begin.")).to_be_visible()
    saved = await Phone(system, unique).ask("GET", "/preferences")
    assert (saved["quietHours"]["start"], saved["quietHours"]["end"]) == ("22:00", "07:00")


async def test_this_device_is_pushed_to_by_a_switch(visitors: Visitors, system: System, unique: str) -> None:
    """Turned on, it stands among the devices; turned off, it does not, and the browser has no subscription."""
    person, phone = await visitors.add(unique, permissions=["notifications"]), Phone(system, unique)
    async with Browser() as push:
        await can_subscribe(person, push)
        page = await person.visit("/preferences")
        pushes = page.get_by_role("checkbox", name="Notifications on this device")
        await expect(page.get_by_text("No device is notified yet.")).to_be_visible()
        await pushes.check()
        await expect(_devices(page)).to_have_count(1)
        assert [each["platform"] for each in (await phone.ask("GET", "/devices"))["devices"]] == ["browser"]
        await pushes.uncheck()
        await expect(page.get_by_text("No device is notified yet.")).to_be_visible()
        assert (await phone.ask("GET", "/devices"))["devices"] == []
        assert await page.evaluate("localStorage.subscribed ?? null") is None


async def test_another_device_can_be_taken_off_the_list(visitors: Visitors, system: System, unique: str) -> None:
    """A phone that was lost is pushed to no more; it takes two clicks, so that none is removed by mistake."""
    phone = Phone(system, unique)
    await phone.register()
    page = await (await visitors.add(unique)).visit("/preferences")
    await expect(_devices(page)).to_have_count(1)
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("It will not be notified any more.")).to_be_visible()
    await page.get_by_role("button", name="Remove").last.click()
    await expect(page.get_by_text("No device is notified yet.")).to_be_visible()
    assert await phone.known() is None


async def test_preferences_cannot_be_changed_without_a_network(visitors: Visitors, unique: str) -> None:
    """They say so, and can be changed again as soon as there is one."""
    person = await visitors.add(unique)
    person.allow("ERR_INTERNET_DISCONNECTED|WebSocket")
    page = await person.visit("/preferences")
    box = page.get_by_role("checkbox", name="Delivery")
    await expect(box).to_be_enabled()
    await expect(switch(page)).to_be_checked()
    await person.context.set_offline(True)
    await expect(page.get_by_text("You are offline. Settings can be changed once")).to_be_visible()
    await expect(box).to_be_disabled()
    await person.context.set_offline(False)
    await expect(box).to_be_enabled()


def _devices(page: Page) -> Locator:
    return page.locator("belfry-devices").get_by_role("button", name="Remove")


async def _saved(page: Page) -> None:
    await expect(page.locator("belfry-preferences").get_by_text("Saved", exact=True)).to_be_visible()


async def _subscribed(system: System, user: str, *topics: str) -> None:
    """Wait until the server knows that a person follows these."""

    async def known() -> bool:
        answer = await Phone(system, user).ask("GET", "/subscriptions")
        return [each["topic"] for each in answer["subscriptions"]] == list(topics)

    await eventually(known)
