"""What MkDocs does beside its own work when it builds the documentation: named under `hooks` in mkdocs.yml.

Pages go by their paths in the repository, so that a link leads to the same file in the site as in a browser of files.
What pages link to outside `docs/` comes into the site, too, below `repository/`. Notebooks are run and become pages.
"""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files, InclusionLevel
from nbclient import NotebookClient
from nbconvert import MarkdownExporter
from traitlets.config import Config

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = (".md", ".ipynb")
PRIVATE = Config(KernelManager={"transport_encryption": "auto"})  # other users of the machine could listen
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")  # the file that a Markdown link or picture names


class NotebookPage(File):
    """A notebook as a page; MkDocs takes what ends in `.md` for one."""

    def is_documentation_page(self) -> bool:
        return True


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The site's files: those of `docs/` and of the theme, notebooks as pages, and what is linked to beyond them."""
    site = Files([])
    for file in files:
        for one in [file] if file.src_dir != config.docs_dir else _documents(file, config):
            site.append(one)
    shown = set(_nav_paths(config.nav))
    for uri in linked([*DOCS.rglob("*"), *(ROOT / path for path in shown)]):
        site.append(_beyond(uri, config, uri in shown))
    return site


def linked(files: Iterable[Path]) -> list[str]:
    """Which files outside `docs/` these are or link to, directly or by others, as sorted paths in the repository."""
    waiting, seen = list(files), set[Path]()
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file() or not file.is_relative_to(ROOT):  # MkDocs names what is not there
            continue
        seen.add(file)
        if file.suffix in PAGES:
            targets = LINK.findall(file.read_text(encoding="utf-8"))
            waiting += [Path(os.path.normpath(file.parent / target)) for target in targets]
    return sorted(file.relative_to(ROOT).as_posix() for file in seen if not file.is_relative_to(DOCS))


def _documents(file: File, config: MkDocsConfig) -> Iterator[File]:
    """A file of `docs/`, its place in the site as it was; a notebook as its page and its pictures."""
    if file.src_uri.endswith(".ipynb"):
        yield from notebook_files(DOCS / file.src_uri, config)
        return
    yield _file(f"docs/{file.src_uri}", config, file.dest_uri)


def _beyond(uri: str, config: MkDocsConfig, in_nav: bool) -> File:
    """A file outside `docs/`."""
    file = _file(uri, config)
    file.dest_uri = f"repository/{file.dest_uri}"
    file.inclusion = InclusionLevel.INCLUDED if in_nav else InclusionLevel.NOT_IN_NAV
    return file


def _file(uri: str, config: MkDocsConfig, dest_uri: str | None = None) -> File:
    return File(uri, str(ROOT), config.site_dir, config.use_directory_urls, dest_uri=dest_uri)


def _nav_paths(nav: Any) -> Iterator[str]:
    """Paths that the navigation names, at any depth."""
    if isinstance(nav, str):
        yield nav
    else:
        for part in nav.values() if isinstance(nav, dict) else nav:
            yield from _nav_paths(part)


def notebook_files(path: Path, config: MkDocsConfig) -> Iterator[File]:
    """The page of a notebook, which is run for it, and the pictures that it draws.

    Raises:
        PluginError: a cell failed.
    """
    try:
        notebook = run_notebook(path)
    except Exception as error:  # of a cell or of the kernel
        raise PluginError(f"{path.name}: {error}") from error
    text, made = MarkdownExporter().from_notebook_node(  # type: ignore[no-untyped-call]
        notebook, {"unique_key": path.stem}
    )
    page = NotebookPage(f"docs/{path.name}", None, config.site_dir, config.use_directory_urls)
    page.dest_uri, page.content_string = f"{path.stem}.html", text
    yield page
    for name, content in made["outputs"].items():
        picture = File.generated(config, f"docs/{name}", content=content)
        picture.dest_uri = name
        yield picture


def run_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook with what its cells print and draw, run in its folder.

    Raises:
        CellExecutionError: a cell failed.
    """
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}, config=PRIVATE)
    client.execute()
    return notebook
