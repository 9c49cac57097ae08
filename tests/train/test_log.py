import json

from musiq.train.log import RunLog, read_rows


def write(run, first, last):
    log = RunLog(run, first, steps=4)
    for number in range(4 * first[0] + first[1], last):
        log.write_step(divmod(number, 4), {"loss": 1 / (1 + number), "rate": 0.1})
        if number % 4 == 3:
            log.write_epoch({"epoch": number // 4 + 1, "val_srcc": 0.5})
    log.close()


def test_what_lies_beyond_the_resumed_step_is_written_again(tmp_path):
    for name in ("whole", "halted"):
        (tmp_path / name).mkdir()
    write(tmp_path / "whole", (0, 0), 10)
    write(tmp_path / "halted", (0, 0), 7)
    with open(tmp_path / "halted/steps.jsonl", "a") as file:
        file.write('{"epoch": 1, "st')  # cut short by a crash
    write(tmp_path / "halted", (0, 2), 10)
    for name in ("steps.jsonl", "log.jsonl"):
        assert (tmp_path / "halted" / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_rows_are_json(tmp_path):
    write(tmp_path, (0, 0), 2)
    assert read_rows(tmp_path / "steps.jsonl")[1] == {"epoch": 0, "step": 1, "loss": 0.5, "rate": 0.1}
    assert json.loads((tmp_path / "steps.jsonl").read_text().splitlines()[0])["loss"] == 1
    assert read_rows(tmp_path / "absent.jsonl") == []
