"""The code blocks of the documentation's pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/README.md", "musiq/checkpoints/*/README.md", "results/*.md")
    for path in ROOT.glob(pattern)
)
RUN = {"sh", "py", "python", "pycon"}
_MARK = re.compile(r"<!--\s*(not run|not compared): (.+?)\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of a page.

    Attributes:
        line: of its first line of code, from 1.
        language: what stands behind the fence; `indented` for one without a fence.
        mark: `not run` or `not compared` where a comment directly above says so, with the reason.
        follows: whether nothing but such a comment stands between it and the block before.
    """

    page: str
    line: int
    language: str
    text: str
    mark: tuple[str, str] | None = None
    follows: bool = False

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in RUN and self.mark is None

    @property
    def is_synopsis(self) -> bool:
        """Whether it lists commands as a manual does, to be read rather than typed."""
        return self.language == "" and all(line.startswith("musiq ") for line in self.text.splitlines())


def read_blocks(page: str, text: str | None = None) -> list[Block]:
    """The blocks of a page in their order; `page` is its path from the repository's root."""
    return list(_find(page, MarkdownIt().parse((ROOT / page).read_text() if text is None else text)))


def _find(page: str, tokens: list[Token]) -> Iterator[Block]:
    mark, after_block = None, False
    for token in tokens:
        if token.type == "html_block" and (found := _MARK.search(token.content)):
            mark = (found[1], " ".join(found[2].split()))
        elif token.type in ("fence", "code_block"):
            assert token.map is not None
            fenced = token.type == "fence"
            language = (token.info.split() or [""])[0] if fenced else "indented"
            yield Block(page, token.map[0] + 1 + fenced, language, token.content, mark, after_block)
            mark, after_block = None, True
        else:
            mark, after_block = None, False
