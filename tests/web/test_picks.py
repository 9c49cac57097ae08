import time
from concurrent.futures import ThreadPoolExecutor

from musiq.errors import StoreError
from musiq.web.state import State
from tests.web.conftest import album, error_of, settled


def test_a_pick_that_cannot_be_kept_is_not_shown(served, folder, monkeypatch):
    def full(*_):
        raise StoreError("disk full")

    client = served(folder=folder)
    settled(client)
    photo = album(client)["astronaut.jpg"]
    monkeypatch.setattr(State, "put_picks", full)
    assert error_of(client.put(f"/api/photos/{photo['id']}/pick", json={"pick": "pick"}), 500) == "internal"
    assert album(client)["astronaut.jpg"]["pick"] is None
    monkeypatch.undo()
    assert client.put("/api/picks", json={"ids": [photo["id"]], "pick": "pick"}).json() == {"changed": 1}
    parts = client.app.state.parts
    assert parts.state.picks(parts.folder.prefix) == {"astronaut.jpg": "pick"}


def test_picks_at_once_end_alike_on_the_page_and_in_the_store(served, folder, monkeypatch):
    client, put = served(folder=folder), State.put_picks
    settled(client)
    id = album(client)["astronaut.jpg"]["id"]
    monkeypatch.setattr(State, "put_picks", lambda *given: (time.sleep(0.4 * (given[-1] == "pick")), put(*given)))
    with ThreadPoolExecutor(2) as pool:
        for pick in ("pick", "reject"):  # the first one is slow to be kept
            pool.submit(client.put, f"/api/photos/{id}/pick", json={"pick": pick})
            time.sleep(0.1)
    parts = client.app.state.parts
    assert parts.state.picks(parts.folder.prefix) == {"astronaut.jpg": album(client)["astronaut.jpg"]["pick"]}
