"""Every view of the shop with something in it, each open in a tab of its own: to be looked at, by eye or by rule."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Page, expect

from tests.browser.views import bell, card, open_inbox, toast
from tests.browser.visitors import Visitor, Visitors
from tests.system import System, eventually

CUSTOMER: Final = "ada"
OFFICE: Final = "priya"
"""People whom the provider knows by name: names of several words look otherwise than made-up ids."""

type _Alerts = tuple[dict[str, Any], ...]

_ORDERS: Final[_Alerts] = tuple(
    {
        "title": f"Your order {number} is {progress}",
        "body": f"{product}. Thank you!",
        "severity": severity,
        "category": "order",
        "url": f"/orders/{number}",
        "data": {"order": number, "progress": progress, "product": product},
    }
    for number, product, progress, severity in (
        (10481, "Brass clock", "delivered", "success"),
        (10482, "Tea table", "packed", "info"),
    )
)
_NEWS: Final[_Alerts] = (
    {
        "title": "The autumn catalogue is here",
        "body": "Forty new things of oak, wool and brass.",
        "category": "news",
        "url": "/news",
    },
    {"title": "We are open on Sunday", "body": "From ten to four, with tea.", "category": "news", "url": "/news"},
)
_TOLD: Final[_Alerts] = (
    {
        "title": "Your refund is on its way",
        "body": "246 euros, to the card you paid with.",
        "severity": "success",
        "category": "payment",
    },
    {
        "title": "Deliveries are late today",
        "body": "Snow on the pass. We call you if it takes longer. " * 4,
        "severity": "warning",
        "category": "delivery",
        "url": "/orders",
    },
    {
        "title": "When may we deliver?",
        "body": "Choose, and we are there.",
        "category": "delivery",
        "actions": [
            {"id": "morning", "title": "In the morning", "url": "/orders"},
            {"id": "evening", "title": "In the evening", "url": "/orders"},
        ],
    },
    {
        "title": "Stop using the linen lamp",
        "body": "A batch may overheat. Unplug it, and we collect it.",
        "severity": "critical",
        "category": "safety",
    },
)
_TOASTED: Final[_Alerts] = (
    {"title": "Your tea table leaves our house", "body": "It is with you tomorrow.", "category": "delivery"},
    {"title": "The payment failed", "body": "The bank did not answer.", "severity": "warning", "category": "payment"},
    {"title": "Do not use the tea table yet", "body": "A leg may be loose.", "severity": "critical"},
)
_OFFICE: Final[_Alerts] = (
    {"title": "New order 10482: tea table", "body": "Ada waits for it.", "category": "order", "url": "/desk"},
    {"title": "Wool is running out", "body": "Twelve rugs are left.", "severity": "warning", "category": "stock"},
    {"title": "The week in numbers", "body": "31 orders, two returns.", "category": "report", "url": "/reports"},
    {"title": "The card terminal is down", "severity": "critical", "category": "payment"},
)


@dataclass(frozen=True, slots=True)
class View:
    """One view."""

    name: str
    """For file names."""
    page: Page


@dataclass(frozen=True, slots=True)
class Tour:
    """What a tour needs.

    Args:
        visitors: who looks.
        system: where.
        customer: user id of who shops.
        office: user id of who works in the back office.
    """

    visitors: Visitors
    system: System
    customer: str
    office: str

    async def shop(self) -> AsyncIterator[View]:
        """The customer's pages."""
        await self._fill_customer()
        visitor = await self._customer()
        yield View("door", await visitor.open("/customer.html"))
        for name, path, heading in (
            ("shop", "/customer.html", "Your orders"),
            ("orders", "/orders/10482", "Your orders"),
            ("news", "/news", "News"),
        ):
            page = await visitor.visit(path)
            await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
            yield View(name, page)
        page = await visitor.visit("/preferences")
        await page.get_by_role("checkbox", name="Quiet hours").check()
        await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
        yield View("preferences", page)

    async def inbox(self) -> AsyncIterator[View]:
        """The bell's inbox, toasts, and what is said without a connection."""
        await self._fill_customer()
        visitor = await self._customer()
        page = await visitor.visit("/customer.html")
        await expect(bell(page)).not_to_have_accessible_name("Notifications, none unread")
        inbox = await open_inbox(page)
        # One of its own: what is archived is not there any more for another tour of the same person.
        async with self.system.publisher() as publisher:
            await publisher.send({"to": [f"user:{self.customer}"], "title": "Thank you for your visit"})
        await card(inbox, "Thank you for your visit").get_by_role("button", name="Archive").click()
        yield View("inbox", page)
        await inbox.get_by_role("button", name="Filter", exact=True).click()
        yield View("inbox-filters", page)
        page = await visitor.visit("/customer.html")
        async with self.system.publisher() as publisher:
            for alert in _TOASTED:
                await publisher.send({**alert, "to": [f"user:{self.customer}"]})
        await expect(toast(page, _TOASTED[-1]["title"])).to_be_visible()
        yield View("toasts", page)
        page = await visitor.visit("/customer.html")
        await page.get_by_role("switch", name="Online").click()
        await expect(page.get_by_text("You are offline.")).to_be_visible()
        yield View("offline", page)

    async def back_office(self) -> AsyncIterator[View]:
        """The pages of the back office."""
        await self._fill_office()
        visitor = await self.visitors.add(self.office, "back-office", "Alerts.Send", reduced_motion="reduce")
        page = await visitor.visit("/office.html")
        await expect(card(page.locator("main belfry-inbox"), "The card terminal is down")).to_be_visible()
        yield View("office", page)
        await page.get_by_role("tab", name="Write your own").click()
        yield View("office-write", page)
        page = await visitor.visit("/desk/preferences")
        await expect(page.get_by_role("checkbox", name="Stock of oak", exact=True)).to_be_visible()
        yield View("office-preferences", page)

    async def stage(self) -> AsyncIterator[View]:
        """The stage, with both of them on it."""
        await self._fill_customer()
        await self._fill_office()
        visitor = await self._customer()
        page = await visitor.open("/")
        await expect(page.get_by_role("button", name="Sign in both")).to_be_visible()
        yield View("stage-door", page)
        await page.get_by_role("button", name="Sign in both").click()
        await visitor.pick(page)
        await visitor.pick(page, self.office, "back-office", "Alerts.Send")
        for title in ("Customer", "Back office"):
            frame = page.frame_locator(f'iframe[title^="{title}"]')
            await expect(frame.locator("belfry-bell .badge")).to_be_visible()
        yield View("stage", page)

    async def _customer(self) -> Visitor:
        return await self.visitors.add(self.customer, reduced_motion="reduce")

    async def _fill_customer(self) -> None:
        await self._fill(self.customer, [*_ORDERS, *_NEWS, *_TOLD])

    async def _fill_office(self) -> None:
        await self._fill(self.office, _OFFICE)

    async def _fill(self, user: str, alerts: Sequence[dict[str, Any]]) -> None:
        """Send what is there to see, in order, and wait until all of it is there."""
        ids = {f"{user}-{number}": alert for number, alert in enumerate(alerts)}
        async with self.system.publisher() as publisher:
            for key, alert in ids.items():
                await publisher.send({**alert, "id": key, "to": [f"user:{user}"]})

        async def there() -> bool:
            return set(ids) <= {each["card"] for each in await self.system.history(user)}

        await eventually(there)


PARTS: Final[dict[str, Callable[[Tour], AsyncIterator[View]]]] = {
    "shop": Tour.shop,
    "inbox": Tour.inbox,
    "back office": Tour.back_office,
    "stage": Tour.stage,
}
"""Each shows its views one after the other; each view stays until the next one is asked for."""
