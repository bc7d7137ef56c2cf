"""What can go wrong between a person and their inbox.

BelfryError
├── CardNotFoundError
├── CardRevisedError
├── TopicClosedError
├── TooManySubscriptionsError
└── SyncExpiredError      (shared.inbox.sync)
"""

from shared.errors import BelfryError


class CardNotFoundError(BelfryError):
    """There is no such card in the person's inbox."""


class CardRevisedError(BelfryError):
    """The card has a newer revision than the one that was meant."""


class TopicClosedError(BelfryError):
    """The topic is not open to the person's roles."""


class TooManySubscriptionsError(BelfryError):
    """The person has as many subscriptions as a device can have tags for."""
