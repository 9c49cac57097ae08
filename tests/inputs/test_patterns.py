import glob
import subprocess

import pytest

from musiq.inputs.patterns import expand_braces, list_matches
from tests.inputs.conftest import inputs, names, read


@pytest.mark.parametrize(
    "name",
    [
        "shards-{000000..000012}.tar",
        "{8..11}",
        "{08..11}",
        "{3..1}",
        "{a,b}-{1..2}.jpg",
        "{a,}.jpg",
        "{a}.jpg",
        "{}{a,b}",
        "plain.jpg",
        "a{1..b}",
    ],
)
def test_braces_stand_for_what_bash_makes_of_them(name):
    printed = subprocess.run(["bash", "-c", f"printf '%s\\n' {name}"], capture_output=True, text=True, check=True)
    assert list(expand_braces(name)) == printed.stdout.splitlines()


def test_braces_are_not_expanded_all_at_once():
    assert next(expand_braces("{1..999999999999}.tar")) == "1.tar"


def test_a_file_may_have_braces_or_a_star_in_its_name(tree):
    tree("a{1,2}.jpg", "*.jpg", "b.jpg", "[c].jpg")
    assert names(inputs("a{1,2}.jpg", "*.jpg", "[c].jpg")) == ["a{1,2}.jpg", "*.jpg", "[c].jpg"]


@pytest.mark.parametrize(
    "pattern",
    ["p/*", "p/*.jpg", "p/?.jpg", "p/[!a].jpg", "*/k/*.jpg", "p/.*", "p/*/z.*", "p/[*].jpg", "q/*", "p/a/*/x.jpg"],
)
@pytest.mark.parametrize("start", ["", "./", "{here}/"])
def test_matches_are_those_of_glob_sorted(tree, here, pattern, start):
    tree("p/a.jpg", "p/b.jpg", "p/c.txt", "p/.h.jpg", "p/a/k/x.jpg", "p/a/z.png", "p/.k/y.jpg", "p/*.jpg", "p/k/v.jpg")
    pattern = start.format(here=here) + pattern
    expected = sorted(glob.glob(pattern), key=lambda path: path.split("/"))
    assert list(list_matches(pattern, recursive=False)) == [path.removeprefix("./") for path in expected]


@pytest.mark.parametrize(
    "pattern", ["**/*.jpg", "p/**/*.jpg", "p/**/a/*", "**/k/**/*.jpg", "p/*/**/*.jpg", "**/**/x.jpg"]
)
def test_two_stars_are_those_of_glob_and_each_match_is_given_once(tree, pattern):
    tree("p/a.jpg", "p/b.jpg", "p/a/k/x.jpg", "p/a/z.jpg", "p/.k/y.jpg", "p/k/a/k/v.jpg", "x.jpg", "p/k/x.jpg")
    expected = sorted(set(glob.glob(pattern, recursive=True)), key=lambda path: path.split("/"))
    assert list(list_matches(pattern, recursive=True)) == expected
    assert len(expected) > 1


def test_matching_folders_are_listed_and_nothing_is_given_twice(tree):
    tree("p/a.jpg", "p/b/c.jpg", "p/b/notes.md", "p/b/d/e.jpg", "p/notes.md", "q/x.jpg")
    assert names(inputs("p/*")) == ["p/a.jpg", "p/b/c.jpg", "p/notes.md"]
    assert names(inputs("p/*", recursive=True)) == ["p/a.jpg", "p/b/c.jpg", "p/b/d/e.jpg", "p/notes.md"]
    assert names(inputs("p/**", recursive=True)) == ["p/a.jpg", "p/b/c.jpg", "p/b/d/e.jpg"]
    assert names(inputs("**/b", recursive=True)) == ["p/b/c.jpg", "p/b/d/e.jpg"]


@pytest.mark.parametrize("name", ["*.jpg", "none/*.jpg", "a{1..2}*.jpg", "[a"])
def test_what_matches_nothing_is_no_such_file(here, name):
    assert {result for _, result in read(inputs(name))} == {"missing: no such file"}
    assert names(inputs("x{1..2}.jpg")) == ["x1.jpg", "x2.jpg"]
