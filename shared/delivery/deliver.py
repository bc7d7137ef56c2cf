"""`deliver`: what happens to a batch of messages from the queue `alerts`.

A batch succeeds or fails as a whole, but one bad message, or one service that is down, must not hold up the others. So
single messages are parked or scheduled again from here, and an exception is left for when even that cannot be done:
then the queue redelivers the batch, which `keeping` makes harmless.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from msgspec import Struct, structs

from shared.audience import Audience
from shared.card import StoredAlert
from shared.delivery.channels import Channel
from shared.delivery.escalating import Acts, Escalating, next_round
from shared.delivery.keeping import AlertStore, Dropped, Kept, keep
from shared.delivery.outcomes import Outcomes
from shared.delivery.retrying import wait_before
from shared.errors import BelfryError, InvalidAlertError, PermanentError, TransientError
from shared.telemetry import ESCALATE, KEEP, Reason, Steps, Telemetry
from shared.wire.message import (
    ESCALATION,
    STORE,
    Outgoing,
    Parcel,
    Received,
    escalated_again,
    open_parcel,
    poison,
    postponed,
    retry,
)

log = logging.getLogger(__name__)

STEP_SECONDS: Final = 20.0
"""For keeping a batch, and for telling it: the host does not renew a batch's locks, which last a minute."""


class Outbox(Protocol):
    """Where messages are sent from here."""

    async def again(self, messages: Sequence[Outgoing]) -> None:
        """Send to the queue `alerts`. Raises `BelfryError` when not all were taken."""

    async def park(self, messages: Sequence[Outgoing]) -> None:
        """Send to the queue `alerts-poison`. Raises `BelfryError` when not all were taken."""


class Task(Struct, frozen=True):
    """One alert for one audience."""

    parcel: Parcel
    audience: Audience


class Failure(Struct, frozen=True):
    """What is still to be done for a task, and why."""

    task: Task
    channels: frozenset[str]
    error: BelfryError


class Deliver:
    """Keep each alert of a batch, tell its people, and see to what failed.

    Args:
        store: the inbox.
        channels: the ways to tell people.
        outbox: the queues.
        clock: the time, with a time zone.
        acts: what people have done, for escalation; None: only what is kept with the alert counts.
        telemetry: where it is traced and measured; None: with the process's own providers.
    """

    def __init__(
        self,
        store: AlertStore,
        channels: Sequence[Channel],
        outbox: Outbox,
        clock: Callable[[], datetime],
        acts: Acts | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._store = store
        self._channels = {channel.name: channel for channel in channels}
        self._outbox = outbox
        self._clock = clock
        self._telemetry = telemetry or Telemetry()
        self._escalating = Escalating(store, self._channels, acts)

    async def __call__(self, messages: Sequence[Received]) -> Mapping[str, int]:
        """Deliver a batch.

        Returns:
            How many alerts came to what: `received`, `delivered`, `repeat`, `overtaken`, `early`, `expired`,
            `postponed`, `retried`, `poisoned`; the ones for several audiences count for each.

        Raises:
            BelfryError: what failed could not be scheduled or parked; the queue must redeliver the batch.
        """
        with self._telemetry.processing(messages) as traced:
            outcomes = Outcomes(self._telemetry, len(messages))
            await self._deliver(traced, outcomes)
        counts = outcomes.counts
        log.info("delivered %s", " ".join(f"{name}={count}" for name, count in counts.items()))
        return counts

    async def _deliver(self, messages: Sequence[Received], outcomes: Outcomes) -> None:
        again: list[Outgoing] = []
        parked: list[Outgoing] = []
        tasks, rounds = self._open(messages, outcomes, again, parked)
        kept, failures = await self._keep(tasks, outcomes)
        failures += await self._tell(kept, outcomes)
        for failed in _by_parcel(failures):
            self._see_to(failed, outcomes, again, parked)
        again += self._first_rounds(kept, outcomes)
        await asyncio.gather(*(self._escalate(parcel, outcomes, again, parked) for parcel in rounds))
        if again:
            await self._outbox.again(again)
        if parked:
            await self._outbox.park(parked)

    def _open(
        self, messages: Sequence[Received], outcomes: Outcomes, again: list[Outgoing], parked: list[Outgoing]
    ) -> tuple[list[Task], list[Parcel]]:
        """The tasks in a batch, and the rounds of escalation; what can never be delivered is parked."""
        now = self._clock()
        tasks: list[Task] = []
        rounds: list[Parcel] = []
        for message in messages:
            try:
                parcel = open_parcel(message)
                self._check_channels(parcel)
            except InvalidAlertError as error:
                log.warning("poison: message %r: %s", message.message_id, error)
                parked.append(poison(message, str(error), field=error.field))
                outcomes.poisoned(message, Reason.INVALID)
                continue
            if parcel.alert.expired(now):
                outcomes.expired()
            elif parcel.escalation:
                rounds.append(parcel)
            elif (due := parcel.alert.deliver_at) and due > now and not parcel.due:
                again.append(postponed(parcel, due))
                outcomes.postponed()
            else:
                tasks += [Task(parcel, audience) for audience in parcel.audiences]
        return tasks, rounds

    def _first_rounds(self, kept: Sequence[tuple[Task, StoredAlert]], outcomes: Outcomes) -> list[Outgoing]:
        """The first round of escalation for each alert that was kept now."""
        now = self._clock()
        parcels = {
            id(task.parcel): task.parcel
            for task, _ in kept
            if task.parcel.wants(STORE) and task.parcel.alert.escalate and not task.parcel.alert.retract
        }
        rounds = [
            message
            for parcel in parcels.values()
            if parcel.alert.escalate and (message := next_round(parcel, parcel.alert.escalate, now))
        ]
        if rounds:
            outcomes.escalating(len(rounds))
        return rounds

    async def _escalate(
        self, parcel: Parcel, outcomes: Outcomes, again: list[Outgoing], parked: list[Outgoing]
    ) -> None:
        """One round of escalation: it is over, or the next one is scheduled, or this one again."""
        now = self._clock()
        try:
            with self._telemetry.step(ESCALATE, [parcel]) as step:
                async with asyncio.timeout(STEP_SECONDS):
                    following = await self._escalating.round(parcel, now, step.traceparent(parcel))
        except (BelfryError, TimeoutError) as error:
            wait = wait_before(parcel.attempt + 1)
            if wait is None or isinstance(error, PermanentError):
                log.error("poison: escalation of alert %r: %s", parcel.id, error)  # noqa: TRY400  # its kind says it all
                parked.append(poison(parcel.message, f"escalation: {error}", parcel=parcel))
                outcomes.poisoned(parcel.message, _reason(error))
                return
            log.warning("escalation of alert %r again: %s", parcel.id, error)
            again.append(escalated_again(parcel, now + wait))
            outcomes.retried(frozenset({ESCALATION}))
            return
        outcomes.escalated()
        if following:
            again.append(following)

    def _check_channels(self, parcel: Parcel) -> None:
        unknown = (parcel.channels or frozenset()) - self._channels.keys() - {STORE}
        if unknown:
            raise InvalidAlertError(
                f"application property `channels`: there is no channel {min(unknown)!r}", "channels"
            )

    async def _keep(
        self, tasks: Sequence[Task], outcomes: Outcomes
    ) -> tuple[list[tuple[Task, StoredAlert]], list[Failure]]:
        """Have every alert in the inbox: written now, or read back where only a channel is still to be served."""
        by_audience: dict[Audience, list[Task]] = {}
        for task in tasks:
            by_audience.setdefault(task.audience, []).append(task)
        now = self._clock()  # one for all: an alert is not read for one audience and unread for another
        kept: list[tuple[Task, StoredAlert]] = []
        failures: list[Failure] = []
        with self._telemetry.step(KEEP, [task.parcel for task in tasks if task.parcel.wants(STORE)]) as step:
            found = await asyncio.gather(
                *(self._keep_audience(audience, members, now) for audience, members in by_audience.items())
            )
            done = self._clock()
            for task, outcome in (pair for pairs in found for pair in pairs):
                match outcome:
                    case StoredAlert() if not task.parcel.wants(STORE):
                        kept.append((task, outcome))
                        outcomes.read_back()
                    case StoredAlert():
                        kept.append((task, outcome))
                        step.came_to(task.parcel, outcomes.kept(outcome, done, new=outcome.at == now))
                    case Dropped(verdict):
                        outcomes.dropped(verdict)
                        step.came_to(task.parcel, verdict.value)
                    case BelfryError():
                        failures.append(Failure(task, self._remaining(task.parcel), outcome))
                        step.came_to(task.parcel, outcome)
        return kept, failures

    async def _keep_audience(
        self, audience: Audience, tasks: Sequence[Task], now: datetime
    ) -> list[tuple[Task, Kept | None]]:
        new = [task for task in tasks if task.parcel.wants(STORE)]
        kept: list[Kept] = []
        try:
            async with asyncio.timeout(STEP_SECONDS):
                kept = await keep(self._store, audience, [_stored(task, now) for task in new]) if new else []
        except TimeoutError:
            kept = [TransientError(f"keeping alerts of {audience} took longer than {STEP_SECONDS:g} s")] * len(new)
        except Exception as error:  # a defect of ours must cost its own alerts a delay, not the batch its delivery
            log.exception("keeping alerts of %s failed unexpectedly", audience)
            kept = [TransientError(repr(error))] * len(new)
        old = [task for task in tasks if not task.parcel.wants(STORE)]
        read = await asyncio.gather(*map(self._read_back, old))
        return [*zip(new, kept, strict=True), *zip(old, read, strict=True)]

    async def _read_back(self, task: Task) -> Kept | None:
        """The alert as it is kept; None when it is gone, or replaced by one that is told on its own."""
        card = task.parcel.alert.thread or task.parcel.id
        try:
            current = await self._store.read(task.audience, card)
        except BelfryError as error:
            return error
        except Exception as error:  # see _keep_audience
            log.exception("reading back card %r of %s failed unexpectedly", card, task.audience)
            return TransientError(repr(error))
        return current.stored if current and current.stored.position == task.parcel.position else None

    async def _tell(self, kept: Sequence[tuple[Task, StoredAlert]], outcomes: Outcomes) -> list[Failure]:
        async def through(channel: Channel) -> list[Failure]:
            wanted = [(task, stored) for task, stored in kept if task.parcel.wants(channel.name)]
            if not wanted:
                return []
            with self._telemetry.step(f"tell {channel.name}", [task.parcel for task, _ in wanted]) as step:
                errors = await self._through(channel, [_traced(task, stored, step) for task, stored in wanted])
                now = self._clock()
                failures: list[Failure] = []
                for (task, stored), error in zip(wanted, errors, strict=True):
                    if error:
                        failures.append(Failure(task, frozenset({channel.name}), error))
                        step.came_to(task.parcel, error)
                    else:
                        outcomes.told(channel.name, stored, now)
            return failures

        failures = await asyncio.gather(*map(through, self._channels.values()))
        return [failure for failed in failures for failure in failed]

    async def _through(self, channel: Channel, alerts: Sequence[StoredAlert]) -> list[BelfryError | None]:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                return await channel.deliver(alerts)
        except TimeoutError:
            return [TransientError(f"channel {channel.name} took longer than {STEP_SECONDS:g} s")] * len(alerts)
        except Exception as error:  # see _keep_audience
            log.exception("channel %s failed unexpectedly", channel.name)
            return [TransientError(repr(error))] * len(alerts)

    def _remaining(self, parcel: Parcel) -> frozenset[str]:
        return parcel.channels or frozenset({STORE, *self._channels})

    def _see_to(
        self, failures: Sequence[Failure], outcomes: Outcomes, again: list[Outgoing], parked: list[Outgoing]
    ) -> None:
        """Schedule or park what failed of one message: one copy for each set of channels that is still to be served."""
        parcel = failures[0].task.parcel
        wait = wait_before(parcel.attempt + 1)
        when = self._clock() + wait if wait else None
        lasting = [failure for failure in failures if when is None or isinstance(failure.error, PermanentError)]
        passing = [failure for failure in failures if not isinstance(failure.error, PermanentError)]
        for failed in _by_channels(lasting):
            reason = str(failed[0].error)
            if not isinstance(failed[0].error, PermanentError):
                reason = f"gave up after {parcel.attempt} further attempts: {reason}"
            log.error("poison: alert %r: %s", parcel.id, reason)
            audiences, channels = _audiences(failed), failed[0].channels
            parked.append(poison(parcel.message, reason, parcel=_narrowed(parcel, audiences, channels)))
            outcomes.poisoned(parcel.message, _reason(failed[0].error))
        if when is None or not passing:
            return
        if parcel.alert.expired(when):
            outcomes.expired()
            return
        log.warning("again at %s: alert %r: %s", when.isoformat(timespec="seconds"), parcel.id, passing[0].error)
        for failed in _by_channels(passing):
            again.append(retry(parcel, _audiences(failed), failed[0].channels, when))
            outcomes.retried(failed[0].channels)


def _stored(task: Task, now: datetime) -> StoredAlert:
    alert = task.parcel.alert
    elsewhere = len(alert.to) > 1 or alert.thread is not None
    return StoredAlert(alert, task.parcel.id, task.audience, task.parcel.position, now, elsewhere=elsewhere)


def _traced(task: Task, stored: StoredAlert, step: Steps) -> StoredAlert:
    traceparent = step.traceparent(task.parcel)
    return structs.replace(stored, traceparent=traceparent) if traceparent else stored


def _reason(error: Exception) -> Reason:
    return Reason.REFUSED if isinstance(error, PermanentError) else Reason.EXHAUSTED


def _by_parcel(failures: Sequence[Failure]) -> list[list[Failure]]:
    groups: dict[int, list[Failure]] = {}
    for failure in failures:
        groups.setdefault(id(failure.task.parcel), []).append(failure)
    return list(groups.values())


def _by_channels(failures: Sequence[Failure]) -> list[list[Failure]]:
    """Failures grouped by the channels still to be served; what failed in several channels of one audience is one."""
    by_audience: dict[Audience, Failure] = {}
    for failure in failures:
        other = by_audience.get(failure.task.audience, failure)
        merged = structs.replace(other, channels=other.channels | failure.channels)
        by_audience[failure.task.audience] = merged
    groups: dict[frozenset[str], list[Failure]] = {}
    for failure in by_audience.values():
        groups.setdefault(failure.channels, []).append(failure)
    return list(groups.values())


def _audiences(failures: Sequence[Failure]) -> tuple[Audience, ...]:
    return tuple(sorted(failure.task.audience for failure in failures))


def _narrowed(parcel: Parcel, audiences: tuple[Audience, ...], channels: frozenset[str]) -> Parcel:
    return structs.replace(parcel, audiences=audiences, channels=channels)
