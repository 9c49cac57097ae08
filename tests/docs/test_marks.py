"""Blocks that do not run: which they are, and that they are well-formed."""

import configparser
import json
import re
import subprocess
import tomllib

import pytest

from tests.docs.blocks import PAGES, RUN, Block, read_blocks
from tests.docs.commands import all_commands, commands_in, here_documents, refusal, spelled_out, wrong_words
from tests.docs.extras import wrong_packages

HOURS = "hours on BIQ2021"
MARKED = {  # page: (mark, reason) of each block that is not run, or whose output is not compared
    "README.md": [("not run", "musiq is found here"), ("not run", "these tests are among them")],
    "docs/cluster.md": [
        ("not run", "Ray takes 15 s to start; tests/cluster runs it"),
        ("not run", "machines of a cloud"),
    ],
    "docs/data-sets.md": [("not run", "the tests have a small part of the set, which is not whole")],
    "docs/default.md": [("not run", "Kodak's photos and Debian's wallpapers are not here")],
    "docs/evaluate.md": [("not compared", "figures of BIQ2021, which is not here")],
    "docs/explain.md": [
        ("not run", "as before and below, with another photo"),
        ("not run", "data sets that are not here, and hours"),
        ("not run", "it is timed, on 12 megapixels"),
    ],
    "docs/hub.md": [("not run", "needs the hub")] * 3,
    "docs/index.md": [("not run", "musiq is installed here")],
    "docs/install.md": [
        ("not run", "the tests' process holds torch, and is larger"),
        ("not run", "a process of its own, whose memory is measured"),
        ("not run", "tools of another environment, on one that is not here"),
    ],
    "docs/meaning.md": [
        ("not run", "3,000 draws, minutes"),
        ("not run", "photos of BIQ2021"),
        ("not run", "4,000 draws of each size, minutes"),
        ("not compared", "50 photos of BIQ2021"),
    ],
    "docs/page.md": [("not run", "Kodak's photos are not here")],
    "docs/reproduce.md": [("not run", "minutes a run at scale small, a GPU and days at scale paper")],
    "docs/serve.md": [("not run", "six servers; two are started above and below")],
    "docs/speed.md": [("not run", "minutes to an hour")],
    "docs/toolbox.md": [
        ("not run", "needs pyiqa, whose licence is non-commercial"),
        ("not run", "needs pyiqa, whose licence is non-commercial"),
        ("not run", "needs a data set"),
    ],
    "docs/torch.md": [("not compared", "six steps on 24,000 free numbers, which processors round differently")],
    "docs/train.md": [("not run", "eight GPUs")],
    "musiq/checkpoints/default/README.md": [("not run", HOURS)],
    "results/biq2021.md": [("not run", HOURS), ("not run", HOURS)],
    "results/paper.md": [("not run", HOURS)],
}
SHOWN = {"", "text", "indented", "js", "mermaid"}
BLOCKS = [block for page in PAGES for block in read_blocks(page)]
PARSERS = {
    "json": json.loads,
    "toml": tomllib.loads,
    "ini": lambda text: configparser.ConfigParser(strict=False, interpolation=None).read_string(text),
    "yaml": lambda text: pytest.importorskip("yaml").safe_load(text),
}
COMMAND = re.compile(r"\s*(?:\$ )?(?:musiq|pip|python3?|curl) ")


def named(block: Block):
    return pytest.param(block, id=block.where)


def test_what_is_marked_is_known():
    marked = {page: [block.mark for block in read_blocks(page) if block.mark] for page in PAGES}
    assert {page: marks for page, marks in marked.items() if marks} == MARKED


def test_every_language_is_run_or_parsed_or_shown():
    unknown = [block.where for block in BLOCKS if block.language not in RUN | SHOWN | set(PARSERS) | {"dockerfile"}]
    assert unknown == []


def test_no_command_hides_in_an_indented_block():
    hidden = [block.where for block in BLOCKS if block.language == "indented" and COMMAND.match(block.text)]
    assert hidden == []


@pytest.mark.parametrize("block", [named(block) for block in BLOCKS if block.language in RUN and block.mark])
def test_a_block_that_is_not_run_could_be(block):
    if block.language != "sh":
        compile(block.text, block.where, "exec")
        return
    subprocess.run(["bash", "-n", "-c", block.text], check=True)
    assert [fault for words in commands_in(block.text) if (fault := refusal(words))] == []
    for document in here_documents(block.text):
        compile(document, block.where, "exec")
    installs = re.findall(r"\bpip3? (install [^&|;#\n]*)", block.text)
    assert [fault for line in installs for fault in wrong_packages(line.replace("'", "").split())] == []


@pytest.mark.parametrize("block", [named(block) for block in BLOCKS if block.language in PARSERS])
def test_data_parses(block):
    PARSERS[block.language](block.text)


def synopses() -> list[tuple[Block, str]]:
    return [(block, line) for block in BLOCKS if block.is_synopsis for line in block.text.splitlines()]


def test_each_line_of_a_synopsis_is_a_command():
    found = {f"{block.where} {line}": [wrong_words(words) for words in spelled_out(line)] for block, line in synopses()}
    assert {line: faults for line, faults in found.items() if any(faults)} == {}


def test_the_synopsis_of_the_readme_has_every_command():
    lines = [line for block, line in synopses() if block.page == "README.md"]
    told = {" ".join(words[:size]) for line in lines for words in spelled_out(line) for size in (1, 2)}
    assert all_commands() - told == set()


def test_wrong_words_are_found():
    assert wrong_words(["score", "a.jpg", "--colour", "red"]) == ["score has no option --colour"]
    assert wrong_words(["store", "burn"]) == ["no command 'burn'"]
    assert "huge" in refusal(["reproduce", "table6", "--data", "a", "--images", "b", "--scale", "huge"])
    assert "out" in refusal(["train", "biq2021", "--data", "a", "--images", "b", "--seed", "1"])
    (words,) = commands_in("A=1 timeout 5 musiq score x.jpg \\\n  --quiet | head  # --not-one")
    assert words == ["score", "x.jpg", "--quiet"]
