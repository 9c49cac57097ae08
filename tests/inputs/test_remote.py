import pickle
import subprocess
import sys
import tarfile
import zipfile

import fsspec
import pytest

from musiq.errors import InputError, MissingExtraError
from musiq.inputs.addresses import Remote, suffix_of
from tests.inputs.conftest import inputs, names, read


@pytest.fixture
def store():
    """An object store in memory: writes files at `memory://` addresses."""
    system = fsspec.filesystem("memory")

    def put(**files):
        for name, content in files.items():
            system.pipe(f"/bucket/{name}", content)

    yield lambda files: put(**files)
    system.store.clear()
    system.pseudo_dirs.clear()


TREE = {"a.jpg": b"a", "c.PNG": b"c", "notes.md": b"n", "b/x.jpg": b"x", "b/k/y.jpg": b"y", "e.jpg": b""}


def test_a_folder_and_its_subfolders(store):
    store(TREE)
    top = [("memory://bucket/a.jpg", b"a")]
    rest = [("memory://bucket/c.PNG", b"c"), ("memory://bucket/e.jpg", "empty: empty file (0 bytes)")]
    deep = [("memory://bucket/b/k/y.jpg", b"y"), ("memory://bucket/b/x.jpg", b"x")]
    assert read(inputs("memory://bucket")) == top + rest
    assert read(inputs("memory://bucket/", recursive=True)) == top + deep + rest


def test_files_and_patterns(store):
    store(TREE)
    assert read(inputs("memory://bucket/{a,none}.jpg", "memory://bucket/notes.md")) == [
        ("memory://bucket/a.jpg", b"a"),
        ("memory://bucket/none.jpg", "missing: no such file"),
        ("memory://bucket/notes.md", b"n"),
    ]
    assert names(inputs("memory://bucket/*.jpg")) == ["memory://bucket/a.jpg", "memory://bucket/e.jpg"]
    assert names(inputs("memory://bucket/b*", recursive=True)) == names(inputs("memory://bucket/b", recursive=True))
    assert read(inputs("memory://bucket/*.tif")) == [("memory://bucket/*.tif", "missing: no such file")]


def test_archives_are_read_in_passing(store, tree, here):
    tree("a.jpg", "b.jpg")
    for name, mode in (("x.tar", "w"), ("x.tgz", "w:gz")):
        with tarfile.open(name, mode) as archive:
            archive.add("a.jpg")
            archive.add("b.jpg")
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.write("a.jpg")
        archive.write("b.jpg")
    store({name: (here / name).read_bytes() for name in ("x.tar", "x.tgz", "x.zip")} | {"bad.tar": b"no"})
    for name in ("x.tar", "x.tgz", "x.zip"):
        address = f"memory://bucket/{name}"
        assert read(inputs(address)) == [(f"{address}!a.jpg", b"a.jpg"), (f"{address}!b.jpg", b"b.jpg")]
    ((name, fault),) = read(inputs("memory://bucket/bad.tar"))
    assert (name, fault[:33]) == ("memory://bucket/bad.tar", "input: cannot be read to its end:")


def test_tables_and_lists_name_what_is_beside_them(store, here):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"image": [b"a", b"b"]}), "x.parquet")
    parquet = (here / "x.parquet").read_bytes()
    store({"t/x.csv": b"path\na.jpg\n", "t/a.jpg": b"a", "l.lst": b"memory://bucket/t/a.jpg\n", "p/x.parquet": parquet})
    assert read(inputs("memory://bucket/t/x.csv")) == [("memory://bucket/t/a.jpg", b"a")]
    assert read(inputs("memory://bucket/l.lst")) == [("memory://bucket/t/a.jpg", b"a")]
    rows = [("memory://bucket/p/x.parquet!0", b"a"), ("memory://bucket/p/x.parquet!1", b"b")]
    assert read(inputs("memory://bucket/p/x.parquet")) == rows
    assert read(inputs("memory://bucket/p")) == rows
    with pytest.raises(InputError, match="memory://bucket/t/x.csv: no column 'shot'; its columns are: 'path'"):
        next(iter(inputs("a.jpg", "memory://bucket/t/x.csv", column="shot")))


def test_another_process_reads_an_address_by_itself(tree, here):
    tree("p/a.jpg")
    (item,) = inputs(f"file://{here}/p")
    assert item.name == f"file://{here}/p/a.jpg"
    code = "import pickle, sys; sys.stdout.buffer.write(pickle.load(sys.stdin.buffer).read(100))"
    command = [sys.executable, "-c", code]
    content = subprocess.run(command, input=pickle.dumps(item.source), capture_output=True, check=True).stdout
    assert content == b"p/a.jpg"
    assert read(inputs(f"file://{here}/p/none.jpg"))[0][1] == "missing: no such file"


def test_the_limit_is_checked(store):
    store({"a.jpg": bytes(2000)})
    assert read(inputs("memory://bucket/a.jpg"))[0][1] == "too-large: 2,000 bytes exceed the limit of 1,000"
    assert Remote("memory://bucket/a.jpg").stamp() is None


def test_addresses_that_cannot_be_read(here, monkeypatch):
    with pytest.raises(InputError, match="nope://bucket/a.jpg: Protocol not known: nope"):
        next(iter(inputs("a.jpg", "nope://bucket/a.jpg")))
    (here / "x.lst").write_text("nope://bucket/a.jpg\n")
    assert read(inputs("x.lst")) == [("nope://bucket/a.jpg", "input: Protocol not known: nope")]
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match="reading s3:// needs the extra 'musiq\\[remote\\]'"):
        next(iter(inputs("a.jpg", "s3://bucket/a.jpg")))


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.JPG", ".jpg"),
        ("a.b/c", ""),
        ("x.TAR.gz", ".tar.gz"),
        ("x.gz", ".gz"),
        ("x.tar.jpg", ".jpg"),
        ("https://x.org/a.tar?size=1.5", ".tar"),
        ("s3://bucket/a?b.jpg", ".jpg"),
    ],
)
def test_suffixes(name, suffix):
    assert suffix_of(name) == suffix
