import asyncio

from musiq.cluster.feed import Batch, Feed
from musiq.inputs.item import Held, Item


def batch(*names):
    made = Batch()
    for name in names:
        made.add(Item(name, Held(name.encode() * 1000)))
    return made


def test_items_come_back_as_they_were():
    items = [Item("a", Held(b"123")), Item("b", Held(b"45"))]
    made = Batch()
    for item in items:
        made.add(item)
    assert list(made) == items
    assert made.bytes == sum(map(len, made.items)) > 5


def test_it_waits_until_a_number_is_known():
    async def play():
        feed = Feed()
        third, fourth = asyncio.create_task(feed.has(2)), asyncio.create_task(feed.has(3))
        await feed.put(0, batch("a"))
        await feed.put(1, batch("b"))
        await feed.close(3)  # calls may overtake each other
        assert await feed.has(0)
        assert not await fourth
        assert not third.done()
        await feed.put(2, batch("c"))
        assert await third

    asyncio.run(play())


def test_a_batch_is_there_until_its_results_are_known():
    async def play():
        feed = Feed()
        await feed.put(0, batch("a", "b"))
        for taken_before in (False, True, True):
            taken, again = await feed.take(0)
            assert [item.name for item in taken] == ["a", "b"]
            assert again == taken_before
        await feed.drop(0)
        assert list((await feed.take(0))[0]) == []
        assert await feed.has(0)

    asyncio.run(play())


def test_deaths_belong_to_the_item_that_was_in_work():
    async def play():
        feed = Feed()
        await feed.put(0, batch("a", "b", "c"))
        deaths = []
        for ends_at in (1, 1, 2, 2):
            await feed.take(0)
            deaths.append([await feed.begin(0, place) for place in range(ends_at + 1)])
        assert deaths == [[0, 0], [0, 1], [0, 2, 0], [0, 2, 1]]

    asyncio.run(play())
