"""The story: orders are placed, packed and delivered, a payment fails and is mended, stock runs low.

Pure: the same run and seed tell the same story, and nothing here waits, sends or prints.
"""

import random
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from belfry import Alert, Severity

CUSTOMERS: Final = ("ada", "mateo", "yuki")
"""User ids of those who order."""
BACK_OFFICE: Final = "role:back-office"
"""The audience of whoever keeps the shop going."""
EVERYONE: Final = "everyone"

_PRODUCTS: Final = ("oak shelf", "linen lamp", "desk chair", "wool rug", "brass clock", "tea table")
_NEWS: Final = (
    ("Free delivery until Sunday", "On everything, to everywhere."),
    ("We are open on Monday as well", "From nine to six, with coffee."),
    ("The autumn catalogue is here", "Forty new things of oak, wool and brass."),
    ("Returns are free for 60 days", "Nothing has to stay that does not fit."),
)
"""Titles and bodies."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens in the shop."""

    alert: Alert
    pause: float
    """Seconds since the step before, at a lively pace."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer bought."""

    number: int
    customer: str
    product: str
    pieces: int


def rounds(run: str, seed: int) -> Iterator[tuple[Step, ...]]:
    """The story, round after round, without an end.

    Args:
        run: begins the ids of all alerts, and decides the numbers of the orders, so that the story can be told again
            where it was told before; letters, digits or `. _ ~ -`, up to 64.
        seed: of everything else that is left to chance.
    """
    chance = random.Random(seed)  # noqa: S311  # a story, not a secret
    number = 0
    while True:
        yield tuple(Step(alert, round(chance.uniform(0.3, 0.7), 2)) for alert in _round(run, number, chance))
        number += 1


def _round(run: str, number: int, chance: random.Random) -> Iterator[Alert]:
    """Two orders, one of which cannot be paid at first; a product runs low; a word to everyone; the end of the day."""
    first, second = (
        Order(
            number=_first_order(run) + 2 * number + index,
            customer=CUSTOMERS[(number + index) % len(CUSTOMERS)],
            product=chance.choice(_PRODUCTS),
            pieces=chance.randint(1, 4),
        )
        for index in range(2)
    )
    left = chance.randint(1, 3)
    title, body = _NEWS[number % len(_NEWS)]
    yield _placed(run, first)
    yield _placed(run, second)
    yield _payment_failed(run, second)
    yield _packed(run, first)
    yield _stock_low(run, number, first.product, left)
    yield _payment_mended(run, second)
    yield _packed(run, second)
    yield _delivered(run, first)
    yield Alert(
        id=f"{run}-news-{number}",
        to=(EVERYONE,),
        title=title,
        body=body,
        category="news",
        url="/news",
    )
    yield _stock_filled(run, number, first.product, left + chance.choice((20, 40, 60)))
    yield _delivered(run, second)
    yield Alert(
        id=f"{run}-day-{number}",
        to=(BACK_OFFICE,),
        title=f"Day {number + 1} is done: {first.pieces + second.pieces} pieces sold",
        category="report",
        url="/reports",
    )


def _first_order(run: str) -> int:
    """Between 1001 and 9001: cards of earlier runs are still in the inboxes, with numbers of their own."""
    return 1001 + zlib.crc32(run.encode()) % 80 * 100


def _placed(run: str, order: Order) -> Alert:
    return _order(run, order, "placed", Severity.INFO, f"{order.pieces} x {order.product}. Thank you!")


def _packed(run: str, order: Order) -> Alert:
    return _order(run, order, "packed", Severity.INFO, "It leaves our house today.")


def _delivered(run: str, order: Order) -> Alert:
    return _order(run, order, "delivered", Severity.SUCCESS, f"Enjoy your {order.product}.")


def _order(run: str, order: Order, state: str, severity: Severity, body: str) -> Alert:
    # One thread for each order: the customer keeps one card, which always says how far it is.
    return Alert(
        id=f"{run}-order-{order.number}-{state}",
        thread=f"{run}-order-{order.number}",
        to=(f"user:{order.customer}",),
        title=f"Your order {order.number} is {state}",
        body=body,
        severity=severity,
        category="order",
        url=f"/orders/{order.number}",
        # What the customer's page draws it from.
        data={"order": order.number, "progress": state, "product": order.product.capitalize()},
    )


def _payment_failed(run: str, order: Order) -> Alert:
    return Alert(
        id=f"{run}-payment-{order.number}-failed",
        thread=f"{run}-payment-{order.number}",
        to=(f"user:{order.customer}", BACK_OFFICE),
        title=f"Payment of order {order.number} failed",
        body="The bank did not answer. We try again.",
        severity=Severity.CRITICAL,
        category="payment",
    )


def _payment_mended(run: str, order: Order) -> Alert:
    return Alert(
        id=f"{run}-payment-{order.number}-resolved",
        thread=f"{run}-payment-{order.number}",
        to=(f"user:{order.customer}", BACK_OFFICE),
        title=f"Resolved: order {order.number} is paid",
        severity=Severity.SUCCESS,
        category="payment",
    )


def _stock_low(run: str, number: int, product: str, left: int) -> Alert:
    return Alert(
        id=f"{run}-stock-{number}-low",
        thread=f"{run}-stock-{number}",
        to=(BACK_OFFICE,),
        title=f"Stock is low: {left} x {product}",
        severity=Severity.WARNING,
        category="stock",
        url="/stock",
    )


def _stock_filled(run: str, number: int, product: str, pieces: int) -> Alert:
    return Alert(
        id=f"{run}-stock-{number}-resolved",
        thread=f"{run}-stock-{number}",
        to=(BACK_OFFICE,),
        title=f"Resolved: {pieces} x {product} in stock",
        severity=Severity.SUCCESS,
        category="stock",
        url="/stock",
    )
