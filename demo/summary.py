"""What is printed before and after the play."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.ledger import Ledger
from demo.view import duration
from emulators.cloud import Cloud

_WHAT = {
    "service_bus": "the queue that alerts come by",
    "cosmos": "the inboxes",
    "web_pubsub": "the live connections",
    "notification_hubs": "the pushes, and a page of phones",
    "identity": "tokens; pick a person, no password",
    "functions_host": "deliver, and the HTTP API at /api",
    "static_web_apps": "the shop, for browsers",
}
"""What each service is to Belfry."""


def print_addresses(console: Console, cloud: Cloud) -> None:
    """Where everything listens."""
    table = _table("Service", "Address", "What it is here")
    for component in cloud.components:
        table.add_row(component.title, cloud.urls[component.name], _WHAT.get(component.name, ""))
    console.print(table)
    console.print()


def print_shop(console: Console, url: str) -> None:
    """Where the shop is, which is what most people want to know, and who they are to be there."""
    console.print(Text.assemble(("The shop is open: ", "bold"), (url, "bold underline cyan")), soft_wrap=True)
    console.print("There you are Ada, who orders, and Priya, who sends. Others are played here.", style="dim")
    console.print()


def print_summary(console: Console, ledger: Ledger) -> bool:
    """How everyone fared; returns whether everything arrived."""
    accounts = ledger.accounts()
    table = _table("Person")
    for title in ("Expected", "Arrived", "Median", "Longest"):
        table.add_column(title, justify="right")
    for account in accounts:
        table.add_row(
            account.user,
            str(account.expected),
            str(len(account.milliseconds)),
            duration(account.median),
            duration(account.longest),
        )
    console.print()
    console.print(table)
    missing = [(account.user, title) for account in accounts for title in account.missing]
    if missing:
        console.print("\nThese did not arrive:", style="bold red")
        for user, title in missing:
            console.print(f"  {user:<8}{title}", markup=False)
    else:
        cards = sum(account.expected for account in accounts)
        console.print(f"\nAlerts sent: {ledger.alerts}. Cards expected: {cards}. All arrived.", style="green")
    return not missing


def _table(*titles: str) -> Table:
    return Table(*titles, box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim")
