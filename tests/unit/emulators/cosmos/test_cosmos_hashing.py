import pytest
from azure.cosmos import PartitionKey
from azure.cosmos.partition_key import _Undefined
from hypothesis import given
from hypothesis import strategies as st

from emulators.cosmos.hashing import effective_key, successor
from emulators.cosmos.values import UNDEFINED, Value

KEYS = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), st.text())


@given(key=KEYS)
def test_a_key_has_the_place_that_the_client_computes(key: Value) -> None:
    """Clients hash partition keys themselves for the change feed; both have to agree to the bit."""
    assert effective_key([key], hierarchical=False) == PartitionKey("/a")._get_effective_partition_key_string([key])


@given(keys=st.lists(KEYS, min_size=1, max_size=3))
def test_a_prefix_of_a_key_is_a_prefix_of_its_place(keys: list[Value]) -> None:
    """Each level of a hierarchical key is hashed by itself."""
    client = PartitionKey(["/a", "/b", "/c"])
    assert effective_key(keys, hierarchical=True) == client._get_effective_partition_key_string(keys)


def test_a_missing_key_has_a_place_too() -> None:
    """Items without the property are one partition."""
    expected = PartitionKey("/a")._get_effective_partition_key_string([_Undefined()])
    assert effective_key([UNDEFINED], hierarchical=False) == expected


@pytest.mark.parametrize(("place", "following"), [("", "00"), ("0A", "0B"), ("0F", "10"), ("00FF", "0100")])
def test_a_place_has_a_next_one(place: str, following: str) -> None:
    """The range of one place ends at the next."""
    assert successor(place) == following
