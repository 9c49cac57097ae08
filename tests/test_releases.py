"""The files that a release speaks through: changelog, version, citation, dependencies."""

import re
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

import musiq
from tools.release import licences

ROOT = Path(__file__).parent.parent
KINDS = {"Scores change", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


@pytest.fixture(scope="module")
def releases():
    """Heading and text of each, the newest first."""
    text = (ROOT / "CHANGELOG.md").read_text()
    _, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return [part.partition("\n")[::2] for part in parts]


def test_the_changelog_is_in_the_form_of_keep_a_changelog(releases):
    for heading, text in releases:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|unreleased)", heading), heading
        kinds = re.findall(r"^### (.+)$", text, flags=re.MULTILINE)
        assert set(kinds) <= KINDS, heading
        assert "Scores change" in kinds, f'{heading}: say what moves scores under "Scores change", or None.'
        assert len(set(kinds)) == len(kinds)
        sections = re.split(r"^### .+\n", text, flags=re.MULTILINE)[1:]
        assert all(section.startswith("- ") or section.strip() == "None." for section in sections), heading
    assert not [heading for heading, _ in releases[1:] if heading.endswith("unreleased")]


def test_versions_fall_from_the_newest_to_the_oldest(releases):
    versions = [tuple(map(int, re.findall(r"\d+", heading)[:3])) for heading, _ in releases]
    assert all(newer > older for newer, older in pairwise([*versions, (0, 0, 0)]))


def test_one_version_everywhere(releases):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert releases[0][0].startswith(f"[{musiq.__version__}]")
    assert "version" not in project["project"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "musiq.__version__"}
    assert str(citation()["version"]) == musiq.__version__


def citation():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_citation_has_what_the_schema_asks_for():
    """Citation File Format 1.2: keys that are needed, no others than it knows, and the paper."""
    found = citation()
    assert found["cff-version"] == "1.2.0"
    assert {"cff-version", "message", "title", "authors"} <= found.keys()
    assert found.keys() <= {"cff-version", "message", "title", "abstract", "type", "version", "license", "authors"} | {
        *("keywords", "preferred-citation", "references", "date-released", "doi", "repository-code", "url"),
    }
    assert found["type"] == "software"
    assert found["license"] == "Apache-2.0"
    paper = found["preferred-citation"]
    assert found["references"] == [paper]
    assert {"type", "title", "authors"} <= paper.keys()
    assert paper["type"] == "conference-paper"
    assert paper["year"] == 2021
    assert [person["family-names"] for person in paper["authors"]] == ["Ke", "Wang", "Wang", "Milanfar", "Yang"]
    people = [*found["authors"], *paper["authors"]]
    assert all(person.keys() in ({"name"}, {"family-names", "given-names"}) for person in people)


def test_links_of_the_root_files_lead_somewhere():
    for name in ("SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name}: {target}"


def test_headings_that_security_links_to_are_there():
    links = re.findall(r"\((docs/\w+\.md)#([\w-]+)\)", (ROOT / "SECURITY.md").read_text())
    assert len(links) > 3
    for page, anchor in links:
        headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), flags=re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings]


def test_dependencies_are_those_of_the_page():
    found = {package.name: package for package in licences.installed(Path(sys.executable))}
    for extra in ("", licences.EXTRA):
        packages = [found[name] for name in licences.needed(extra)]
        licences.check_page(packages, extra)
        licences.check_allowed(packages)
    assert {"numpy", "pillow", "onnxruntime", "typer", "rich", "safetensors"} <= set(licences.needed(""))
    with pytest.raises(SystemExit, match=r"numpy \(.*\)$"):
        licences.check_page([one for one in packages if one.name != "numpy"], extra)


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("BSD-3-Clause AND 0BSD AND MIT", True),
        ("MIT AND CC-BY-NC-4.0", False),
        ("GPL-2.0-only OR MIT", True),
        ("(GPL-2.0-only OR AGPL-3.0-only) AND MIT", False),
        ("UNKNOWN", False),
    ],
)
def test_licences_that_do_not_allow_commercial_use_are_refused(expression, is_allowed):
    assert licences.allowed(expression) is is_allowed
