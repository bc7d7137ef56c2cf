"""The story: orders are placed, packed and delivered, a payment fails and is mended, stock runs low.

Pure: the same run and seed tell the same story, and nothing here waits, sends or prints.
"""

import random
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
    "Free delivery until Sunday",
    "We are open on Monday as well",
    "The autumn catalogue is here",
    "Returns are free for 60 days",
)
_FIRST_ORDER: Final = 1001


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
        run: begins the ids of all alerts, so that the story can be told again where it was told before; letters,
            digits or `. _ ~ -`, up to 64.
        seed: of everything that is left to chance.
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
            number=_FIRST_ORDER + 2 * number + index,
            customer=CUSTOMERS[(number + index) % len(CUSTOMERS)],
            product=chance.choice(_PRODUCTS),
            pieces=chance.randint(1, 4),
        )
        for index in range(2)
    )
    left = chance.randint(1, 3)
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
        title=chance.choice(_NEWS),
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
        url=f"/orders/{order.number}/payment",
    )


def _payment_mended(run: str, order: Order) -> Alert:
    return Alert(
        id=f"{run}-payment-{order.number}-resolved",
        thread=f"{run}-payment-{order.number}",
        to=(f"user:{order.customer}", BACK_OFFICE),
        title=f"Resolved: order {order.number} is paid",
        severity=Severity.SUCCESS,
        category="payment",
        url=f"/orders/{order.number}/payment",
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
