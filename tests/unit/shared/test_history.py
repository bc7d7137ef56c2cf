import asyncio
import json
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, structs

from shared.alert import Severity
from shared.audience import EVERYONE, Audience
from shared.card import StoredAlert, format_moment
from shared.delivery.deliver import Deliver
from shared.inbox.counting import LIMIT, count_unread
from shared.inbox.heads import Newest, SharedHeads
from shared.inbox.history import Reader, Seen, Wanted, read_page
from shared.inbox.membership import Membership
from shared.inbox.people import KeptMark
from shared.inbox.reading import Filter
from shared.inbox.state import state_of
from shared.wire.message import Received
from tests.unit.shared.fakes import ADA, BEN, NOON, OFFICE, RecordingOutbox, SetClock, stored
from tests.unit.shared.memory import MemoryPeople, MemoryStore

OUTAGES = Audience.parse("topic:outages")
EVENING = NOON + timedelta(hours=8)
MINE = (ADA, OFFICE, EVERYONE)
POSITIONS = dict.fromkeys(map(str, MINE), 0)


def reader(*audiences: Audience, read_up_to: str = "") -> Reader:
    """Ada, who belongs to these audiences."""
    return Reader("ada", tuple(map(Membership, audiences or MINE)), read_up_to)


async def page_through(
    store: MemoryStore, people: MemoryPeople, who: Reader, wanted: Wanted
) -> tuple[list[Seen], list[int]]:
    """Every card, page by page, and how long each page was."""
    cards: list[Seen] = []
    lengths: list[int] = []
    before = wanted.before
    while True:
        page = await read_page(store, people, who, Wanted(wanted.limit, before, wanted.unread, wanted.only), EVENING)
        cards += page.cards
        lengths.append(len(page.cards))
        if page.before is None:
            return cards, lengths
        assert before is None or page.before < before
        before = page.before


async def test_cards_come_newest_first(store: MemoryStore, people: MemoryPeople) -> None:
    """Of all audiences together, in the order in which they were enqueued."""
    store.put(stored("a", 1), stored("b", 2, OFFICE), stored("c", 3), stored("d", 4, EVERYONE))
    cards, _ = await page_through(store, people, reader(), Wanted(10))
    assert [seen.alert.id for seen in cards] == ["d", "c", "b", "a"]


async def test_what_is_gone_from_a_page_is_told(store: MemoryStore, people: MemoryPeople) -> None:
    """A frame that brings it may still be on its way; and what is gone from older pages is told with them."""
    store.put(stored("a", 1, retract=True), stored("b", 2), stored("c", 3, OFFICE, retract=True), stored("d", 4))
    pages = [
        await read_page(store, people, reader(), Wanted(1, before), EVENING)
        for before in (None, stored("d", 4).position)
    ]
    assert [[seen.alert.id for seen in page.gone] for page in pages] == [[], ["c"]]
    everything = await read_page(store, people, reader(), Wanted(10), EVENING)
    assert sorted(seen.alert.id for seen in everything.gone) == ["a", "c"]


async def test_nobody_elses_cards_come(store: MemoryStore, people: MemoryPeople) -> None:
    """Only the audiences that the reader belongs to are read at all."""
    store.put(stored("a", 1), stored("b", 2, BEN), stored("c", 3, OUTAGES))
    cards, _ = await page_through(store, people, reader(), Wanted(10))
    assert [seen.alert.id for seen in cards] == ["a"]
    assert {audience for audience, _ in store.pages} == set(MINE)


async def test_a_page_reads_as_much_as_it_shows(store: MemoryStore, people: MemoryPeople) -> None:
    """One read for each audience, of a page's length at most, however large the inbox is."""
    store.put(*(stored(f"a{number}", number) for number in range(500)))
    page = await read_page(store, people, reader(), Wanted(20), EVENING)
    assert len(page.cards) == 20
    assert store.pages == [(ADA, 20), (OFFICE, 0), (EVERYONE, 0)]


async def test_hidden_alerts_do_not_empty_a_page(store: MemoryStore, people: MemoryPeople) -> None:
    """Where many in a row have expired or were withdrawn the page is filled from below."""
    store.put(*(stored(f"old{number}", number) for number in range(30)))
    store.put(*(stored(f"over{number}", 100 + number, expires_at=NOON) for number in range(60)))
    store.put(*(stored(f"gone{number}", 200 + number, retract=True) for number in range(60)))
    page = await read_page(store, people, reader(), Wanted(20), EVENING)
    assert [seen.alert.id for seen in page.cards] == [f"old{number}" for number in range(29, 9, -1)]


async def test_a_subscriber_sees_what_came_since(store: MemoryStore, people: MemoryPeople) -> None:
    """What was stored before the subscription is not shown."""
    hours = [NOON + timedelta(hours=hour) for hour in range(3)]
    store.put(*(stored(f"a{number}", number, OUTAGES, at=at) for number, at in enumerate(hours)))
    who = Reader("ada", (Membership(OUTAGES, since=hours[1]),), "")
    cards, _ = await page_through(store, people, who, Wanted(10))
    assert [seen.alert.id for seen in cards] == ["a2", "a1"]


async def test_an_archived_card_is_gone_until_it_is_revised(store: MemoryStore, people: MemoryPeople) -> None:
    """A mark is about one revision: the next one is new, and unread."""
    first, second = stored("a", 1, thread="t"), stored("b", 2, thread="t")
    store.put(first)
    mark = KeptMark(
        card="t",
        position=first.position,
        version=1,
        read=True,
        archived=True,
        at=format_moment(NOON),
        audience="user:ada",
    )
    assert await people.save_mark("ada", mark, None)
    assert (await page_through(store, people, reader(), Wanted(10)))[0] == []
    store.put(second)
    [seen] = (await page_through(store, people, reader(), Wanted(10)))[0]
    assert (seen.alert.id, seen.state.read, seen.state.archived) == ("b", False, False)


async def test_filters_choose(store: MemoryStore, people: MemoryPeople) -> None:
    """By severity and category, through all pages."""
    severities = list(Severity)
    store.put(*(stored(f"a{n}", n, severity=severities[n % 4], category=f"c{n % 3}") for n in range(48)))
    only = Filter(frozenset({Severity.CRITICAL}), frozenset({"c0", "c1"}))
    cards, _ = await page_through(store, people, reader(), Wanted(2, only=only))
    expected = [f"a{n}" for n in reversed(range(48)) if n % 4 == severities.index(Severity.CRITICAL) and n % 3 < 2]
    assert [seen.alert.id for seen in cards] == expected


# Random inboxes, against sorting everything.


class Sent(Struct, frozen=True):
    """A message of a random history."""

    name: str
    to: frozenset[Audience]
    thread: str | None
    retract: bool
    expired: bool
    mark: tuple[bool | None, bool] | None
    """What Ada said about it then: read, archived."""


sent = st.builds(
    Sent,
    # None has the name of a thread: an alert without one, to one audience, is not looked for in others.
    name=st.sampled_from("abcdefghijklmnopqrsvwxyz"),
    to=st.frozensets(st.sampled_from([*MINE, BEN]), min_size=1),
    thread=st.sampled_from([None, None, "t", "u"]),
    retract=st.sampled_from([False] * 5 + [True]),
    expired=st.sampled_from([False] * 4 + [True]),
    mark=st.none() | st.tuples(st.sampled_from([None, True, False]), st.booleans()),
)


class Inbox(Struct, frozen=True):
    """What a random history has left."""

    store: MemoryStore
    people: MemoryPeople

    def expected(self, who: Reader) -> list[tuple[StoredAlert, bool]]:
        """By sorting everything: each visible card in its newest revision, newest first, and whether it is read."""
        newest: dict[str, StoredAlert] = {}
        for audience in MINE:
            for kept in self.store.of(audience):
                known = newest.get(kept.card)
                if known is None or known.position < kept.position:
                    newest[kept.card] = kept
        found: list[tuple[StoredAlert, bool]] = []
        for kept in sorted(newest.values(), key=lambda kept: kept.position, reverse=True):
            mark, _ = self.people.kept.get(("ada", kept.card), (None, ""))
            state = state_of(kept.position, format_moment(kept.at), mark, who.read_up_to)
            if not (kept.retracted or kept.alert.expired(EVENING) or state.archived):
                found.append((kept, state.read))
        return found


async def live_through(history: list[Sent]) -> Inbox:
    """Deliver everything, one message a minute, with what Ada says about each in between."""
    inbox, clock = Inbox(MemoryStore(), MemoryPeople()), SetClock()
    deliver = Deliver(inbox.store, [], RecordingOutbox(), clock)
    threads: dict[str, str | None] = {}
    audiences: dict[str, frozenset[Audience]] = {}
    for number, message in enumerate(history):
        clock.now = NOON + timedelta(minutes=number)
        # A repeat has the thread and the audiences of the first.
        thread = threads.setdefault(message.name, message.thread)
        to = audiences.setdefault(message.name, message.to)
        document = {
            "id": message.name,
            "to": [str(audience) for audience in sorted(to)],
            "title": "x",
            "retract": message.retract,
            **({"thread": thread} if thread else {}),
            **({"expiresAt": format_moment(EVENING)} if message.expired else {}),
        }
        body = json.dumps(document).encode()
        await deliver([Received(body, f"m{number}", clock.now, number)])
        if message.mark is not None:
            await _say(inbox, thread or message.name, *message.mark)
    return inbox


async def _say(inbox: Inbox, card: str, read: bool | None, archived: bool) -> None:  # noqa: FBT001  # as drawn
    current = [inbox.store.cards.get((audience, card)) for audience in MINE]
    shown = max((kept.stored for kept in current if kept), key=lambda kept: kept.position, default=None)
    if shown is None:
        return
    known = inbox.people.kept.get(("ada", card))
    mark = KeptMark(
        card=card,
        position=shown.position,
        version=known[0].version + 1 if known else 1,
        read=read,
        archived=archived,
        at=format_moment(shown.at),
        audience=str(shown.audience),
    )
    assert await inbox.people.save_mark("ada", mark, known[1] if known else None)


histories = st.lists(sent, max_size=40)
read_up_to = st.integers(-1, 40).map(lambda n: "" if n < 0 else format_moment(NOON + timedelta(minutes=n)))


heads_in_a_page = st.integers(2, 6)


async def _newest(store: MemoryStore, heads_page: int) -> tuple[SharedHeads, dict[Audience, Newest]]:
    """The newest alerts of Ada's audiences, so many of each at a time."""
    heads = SharedHeads(store, lambda: 0.0, heads_page)
    return heads, await heads.newest(MINE, POSITIONS)


@given(histories, st.integers(1, 7), read_up_to, st.sampled_from([None, True, False]), heads_in_a_page)
def test_paging_shows_every_card_exactly_once(
    history: list[Sent],
    limit: int,
    up_to: str,
    unread: bool | None,  # noqa: FBT001  # as drawn
    heads_page: int,
) -> None:
    """Whatever was sent, revised, withdrawn or put away: each visible card, in its newest revision, in order."""

    async def check() -> None:
        inbox = await live_through(history)
        _, newest = await _newest(inbox.store, heads_page)
        who = structs.replace(reader(read_up_to=up_to), newest=newest)
        cards, lengths = await page_through(inbox.store, inbox.people, who, Wanted(limit, unread=unread))
        expected = [
            (kept.card, kept.position, read)
            for kept, read in inbox.expected(who)
            if unread is None or read is not unread
        ]
        assert [(seen.alert.card, seen.alert.position, seen.state.read) for seen in cards] == expected
        assert all(length <= limit for length in lengths)

    asyncio.run(check())


@given(histories, read_up_to, heads_in_a_page)
def test_the_unread_count_is_what_the_history_shows(history: list[Sent], up_to: str, heads_page: int) -> None:
    """Counting without reading everything gives what reading everything gives."""

    async def check() -> None:
        inbox = await live_through(history)
        who = reader(read_up_to=up_to)
        heads, newest = await _newest(inbox.store, heads_page)
        marks = await inbox.people.open_marks("ada", up_to)
        count = await count_unread(heads, inbox.store, newest, who.memberships, marks, up_to, EVENING)
        assert count.unread == sum(not read for _, read in inbox.expected(who))

    asyncio.run(check())


async def test_a_card_that_was_marked_unread_and_overtaken_elsewhere_does_not_count() -> None:
    """The mark is about a revision that is not shown: the newer one, of another audience, has been read."""
    inbox = await live_through(
        [
            Sent("a", frozenset({ADA}), "t", retract=False, expired=False, mark=(False, False)),
            Sent("b", frozenset({OFFICE}), "t", retract=False, expired=False, mark=None),
        ]
    )
    up_to = format_moment(EVENING)
    heads, newest = await _newest(inbox.store, 2)
    marks = await inbox.people.open_marks("ada", up_to)
    count = await count_unread(heads, inbox.store, newest, reader().memberships, marks, up_to, EVENING)
    assert (len(marks), count.unread) == (1, 0)


async def test_the_count_ends_at_a_hundred(store: MemoryStore) -> None:
    """Beyond it is "many", and no more is read than it takes to know that."""
    store.put(*(stored(f"a{number}", number, at=NOON + timedelta(seconds=number)) for number in range(1000)))
    heads = SharedHeads(store)
    newest = await heads.newest([ADA], POSITIONS)
    count = await count_unread(heads, store, newest, [Membership(ADA)], [], "", EVENING)
    assert count.unread == LIMIT
    assert len(store.pages) == 1
