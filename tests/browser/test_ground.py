from tests.browser.visitors import Visitors


async def test_what_a_page_complains_of_is_heard(visitors: Visitors, unique: str) -> None:
    """Console errors and uncaught ones, of every tab, but for those that the test expects."""
    visitor = await visitors.add(unique)
    visitor.allow("expected")
    first, second = await visitor.open("/"), await visitor.open("/customer.html")
    async with visitor.context.expect_event("weberror"):
        await first.evaluate("console.error('expected'); console.warn('harmless')")
        await second.evaluate("console.error('loud'); setTimeout(() => { throw new Error('uncaught') })")
    heard = [complaint.split(" (")[0] for complaint in visitors.complaints]
    visitor.complaints.clear()
    assert heard == [f"{unique}: loud", f"{unique}: uncaught"]


async def test_people_share_nothing(visitors: Visitors, unique: str) -> None:
    """What one keeps in the browser, another does not find."""
    one = await (await visitors.add(unique)).open("/")
    other = await (await visitors.add(unique)).open("/")
    await one.evaluate("localStorage.setItem('mine', '1')")
    assert await other.evaluate("localStorage.getItem('mine')") is None
