"""The site has every page, and the reference of the command line is what the commands say."""

from pathlib import Path

import yaml

from tools.make_cli_reference import write_reference
from tools.site_hooks import PAGES, linked

ROOT = Path(__file__).parents[2]


class Settings(yaml.SafeLoader):
    """Reads what MkDocs does, calls of Python left out."""


Settings.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: suffix)


def pages(nav):
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in pages(part)]


def test_the_navigation_names_every_page_once():
    named = pages(yaml.load((ROOT / "mkdocs.yml").read_text(), Settings)["nav"])
    there = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*") if path.suffix in PAGES]
    assert sorted(page for page in named if page.startswith("docs/")) == sorted(there)
    assert all((ROOT / page).is_file() for page in named)


def test_the_reference_of_the_command_line_is_fresh():
    shown = (ROOT / "docs/cli.md").read_text()
    assert shown == write_reference(), "refresh it: python -m tools.make_cli_reference docs/cli.md"


def test_files_that_pages_link_to_outside_docs_come_with_those_that_these_link_to():
    log, drawing = "results/LOG.md", "results/paper/table6-biq.svg"  # only results/paper.md shows the drawing
    assert {log, drawing} <= set(linked([ROOT / "docs/reproduce.md"]))
