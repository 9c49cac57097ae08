import pytest

from musiq.store import Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "scores.sqlite") as opened:
        yield opened
