import pytest

from benchmarks.filling import Filling
from tests.paging import read_under_load
from tests.system import System


@pytest.mark.timeout(300)
async def test_a_history_is_whole_while_ten_thousand_alerts_arrive(system: System) -> None:
    """Page by page, while 10,000 alerts come: no card is missing, none is there twice, and catching up has the rest."""
    async with Filling(system.settings) as filling:
        paging = await read_under_load(system, filling, "reader", stored=600, arriving=10_000)
    paging.check()
