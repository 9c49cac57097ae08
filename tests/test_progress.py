import re

from musiq.progress import progress_bar


def test_where_there_is_no_terminal_it_prints_lines_with_an_eta_on_stderr(capsys, monkeypatch):
    monkeypatch.setattr("musiq.progress.LINE_EVERY_S", 0)
    with progress_bar("scoring", 3) as advance:
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            advance(name)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [re.sub(r"[\d.]+ a second, ETA \d+ s", "ETA", line) for line in lines] == [
        "scoring: 1/3, ETA a.jpg",
        "scoring: 2/3, ETA b.jpg",
        "scoring: 3/3, ETA c.jpg",
    ]


def test_what_was_done_before_does_not_shorten_the_eta(capsys, monkeypatch):
    monkeypatch.setattr("musiq.progress.LINE_EVERY_S", 0)
    now = iter([0.0, 2.0])
    monkeypatch.setattr("musiq.progress.time.monotonic", lambda: next(now))
    with progress_bar("epoch", 100, completed=90) as advance:
        advance("")
    assert capsys.readouterr().err == "epoch: 91/100, 0.5 a second, ETA 18 s\n"


def test_a_total_that_is_learned_later(capsys, monkeypatch):
    monkeypatch.setattr("musiq.progress.LINE_EVERY_S", 0)
    now = iter([0.0, 2.0, 4.0])
    monkeypatch.setattr("musiq.progress.time.monotonic", lambda: next(now))
    with progress_bar("scoring", None) as advance:
        advance("a\x1b[31m.jpg")
        advance.expect(6)
        advance("")
    assert capsys.readouterr().err == "scoring: 1, 0.5 a second a\ufffd[31m.jpg\nscoring: 2/6, 0.5 a second, ETA 8 s\n"


def test_slow_items_have_their_seconds_and_the_eta_its_name(capsys, monkeypatch):
    monkeypatch.setattr("musiq.progress.LINE_EVERY_S", 0)
    now = iter([0.0, 12.0])
    monkeypatch.setattr("musiq.progress.time.monotonic", lambda: next(now))
    with progress_bar("epoch 1/2", 5, eta="epoch ends in") as advance:
        advance("loss 1")
    assert capsys.readouterr().err == "epoch 1/2: 1/5, 12 s each, epoch ends in 48 s loss 1\n"
