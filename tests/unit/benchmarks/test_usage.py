from collections import Counter

from benchmarks.system import Usage


def test_usage_between_two_looks_is_what_was_added() -> None:
    """Kinds of calls that were not made in between are not named, so that two usages of the same kind are equal."""
    earlier = Usage(10.5, Counter(query=3, read=1), Counter(send_to_all=1), frames=7, notification_hubs=Counter(send=3))
    later = Usage(
        17.5, Counter(query=5, read=1, create=1), Counter(send_to_all=1), frames=57, notification_hubs=Counter(send=9)
    )
    assert later - earlier == Usage(
        7.0, Counter(query=2, create=1), Counter(), frames=50, notification_hubs=Counter(send=6)
    )
    assert (later - earlier).cosmos_calls == 3
    assert (later - earlier).web_pubsub_calls == 0
    assert (later - earlier).notification_hubs_calls == 6
