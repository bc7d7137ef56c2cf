"""Stories: what may happen between a system and a client of it, in any order, and how it is played."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from belfry.rule import View
from tests.unit.belfry.world import AUDIENCES, World


@dataclass(frozen=True)
class Step:
    """One thing that happens."""

    what: str
    fields: Mapping[str, Any]

    async def __call__(self, world: World) -> None:
        """Have it happen."""
        await getattr(world, self.what)(**self.fields)


def step(what: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """Steps of one kind."""
    return st.builds(Step, st.just(what), st.fixed_dictionaries(fields))


INDEX = st.integers(0, 5)
ALERTS: dict[str, tuple[str, ...]] = {
    "a": ("user:ada",),
    "b": ("user:ada", "role:office"),
    "c": ("topic:news", "everyone"),
    "d": ("role:office", "user:ben"),
}
"""An id is one alert's, so it always goes to the same audiences."""
IDS = st.sampled_from(sorted(ALERTS))
TO = st.lists(st.sampled_from(AUDIENCES), min_size=1, max_size=2, unique=True).map(tuple)
TITLES = st.sampled_from(["one", "two"])


def with_audiences(fields: dict[str, Any]) -> dict[str, Any]:
    """An alert with an id, to whom it always goes."""
    return {**fields, "to": ALERTS[fields["id"]]}


STEP: st.SearchStrategy[Step] = st.one_of(
    # Alerts of their own, again and again under the same id; revisions of a thread, to anyone; withdrawals.
    st.fixed_dictionaries({"id": IDS, "title": TITLES}).map(with_audiences).map(lambda f: Step("enqueue", f)),
    step("enqueue", to=TO, thread=st.just("t"), title=TITLES),
    st.fixed_dictionaries({"id": IDS, "thread": st.just("u"), "title": TITLES})
    .map(with_audiences)
    .map(lambda f: Step("enqueue", {**f, "id": f"{f['id']}-in-thread"})),
    st.fixed_dictionaries({"id": IDS, "retract": st.just(value=True)})
    .map(with_audiences)
    .map(lambda f: Step("enqueue", f)),
    st.fixed_dictionaries({"id": IDS, "retract": st.just(value=True)})
    .map(with_audiences)
    .map(lambda f: Step("enqueue", {**f, "id": f"{f['id']}-in-thread"})),
    step("deliver", index=INDEX),
    step("deliver", index=INDEX),
    step("deliver", index=INDEX),
    step("redeliver", index=INDEX),
    step(
        "mark",
        index=INDEX,
        read=st.sampled_from([True, False, None]),
        archived=st.sampled_from([True, False, None, None]),
    ),
    step("mark_all"),
    step("subscribe", wanted=st.booleans()),
    step("arrive", index=INDEX, again=st.booleans()),
    step("disconnect"),
    step("reconnect"),
    step("wait", by=st.timedeltas(timedelta(0), timedelta(hours=30))),
)
STEPS = st.lists(STEP, max_size=40) | st.lists(STEP, min_size=15, max_size=60)
"""Short stories, which are shrunk well, and long ones, in which more may meet."""


async def _play(steps: Sequence[Step], world: World) -> None:
    await world.start()
    for step in steps:
        world.clock.advance(timedelta(milliseconds=7))
        await step(world)
    await world.reconnect()
    while world.frames:
        await world.arrive(-1, again=False)
    await world.check()


def play(steps: Sequence[Step], view: View, live_in: Callable[[View], World] = World) -> None:
    """Play a story, catch up at its end, and check; then once more when the last frames have come late."""
    try:
        asyncio.run(_play(steps, live_in(view)))
    except AssertionError as error:
        error.add_note("The story: " + "; ".join(map(str, steps)))
        raise
