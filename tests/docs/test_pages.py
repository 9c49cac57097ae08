"""Each page's blocks run, in their order, and what it shows as their output comes out."""

import pytest

from tests.docs.blocks import PAGES, Block, read_blocks
from tests.docs.desk import BlockError
from tests.docs.shown import differs

RUNNING = [page for page in PAGES if any(block.runs for block in read_blocks(page))]


@pytest.mark.filterwarnings("ignore:.*too few:RuntimeWarning")  # images, for an interval
@pytest.mark.filterwarnings("ignore:all predictions are equal:RuntimeWarning")  # of a network that has learned nothing
@pytest.mark.parametrize("page", RUNNING)
def test_its_blocks_run(page, desk):
    came = ""
    for block in read_blocks(page):
        if block.runs:
            came = desk.run(block)
        elif is_output(block) and came:
            fault = differs(block.text, came)
            if fault:
                raise BlockError(f"{block.where}: {fault}\n{came}")
        else:
            came = ""


def is_output(block: Block) -> bool:
    return block.language in ("", "text") and block.follows and block.mark is None


def test_a_shell_block_that_fails_is_named(desk):
    block = Block("page.md", 7, "sh", "echo first\nmusiq score nothing.jpg\necho never\n")
    with pytest.raises(BlockError, match=r"page\.md:8: musiq score nothing\.jpg") as caught:
        desk.run(block)
    assert "first" in str(caught.value)
    assert "never" not in str(caught.value)
