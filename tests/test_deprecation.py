"""Old names of made-up modules, functions and commands."""

import subprocess
import sys
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

import musiq
from musiq.deprecation import Renamed, old_arguments, old_function, old_names, old_options

COLOR = Renamed("color", since="0.3", until="0.5")
SENTENCE = "is called color since musiq 0.3; the old name goes in 0.5"


@pytest.fixture
def paint(monkeypatch):
    """A module with `color`, which was called `colour`."""
    module = ModuleType("paint")
    module.color = "red"
    module.__getattr__, module.__dir__ = old_names("paint", {"colour": COLOR})
    monkeypatch.setitem(sys.modules, "paint", module)
    return module


def test_an_old_name_of_a_module_is_the_new_one(paint):
    with pytest.warns(DeprecationWarning, match=f"^paint.colour {SENTENCE}$") as told:
        assert paint.colour == "red"
    assert told[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="paint.colour"):
        from paint import colour
    assert colour == "red"
    assert {"color", "colour"} <= set(dir(paint))


def test_new_names_do_not_warn_and_unknown_ones_stay_unknown(paint):
    assert paint.color == "red"
    with pytest.raises(AttributeError, match="module 'paint' has no attribute 'shade'"):
        _ = paint.shade
    with pytest.raises(ImportError, match="shade"):
        from paint import shade  # noqa: F401


def test_musiq_itself_answers_so():
    with pytest.raises(AttributeError, match="module 'musiq' has no attribute 'scores_of'"):
        _ = musiq.scores_of
    assert {*musiq.__all__, "__version__"} <= set(dir(musiq))


def test_the_warning_is_seen_where_the_old_name_is_used():
    """Python shows a DeprecationWarning by itself only if it points at the program that is run."""
    code = (
        "import sys, types\nfrom musiq.deprecation import *\nm = sys.modules['m'] = types.ModuleType('m')\n"
        "m.new = 1\nm.__getattr__, _ = old_names('m', {'old': Renamed('new', '0.3', '0.5')})\nm.old\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "<string>:6: DeprecationWarning: m.old is called new" in done.stderr


def test_an_old_argument_is_the_new_one():
    @old_arguments({"colour": COLOR})
    def draw(shape: str, color: str = "black") -> str:
        """Draws."""
        return f"{color} {shape}"

    assert draw("cube", color="blue") == "blue cube"
    with pytest.warns(DeprecationWarning, match=f"^argument colour {SENTENCE}$") as told:
        assert draw("cube", colour="green") == "green cube"
    assert told[0].filename == __file__
    with pytest.raises(TypeError, match=r"draw\(\) got colour and color"):
        draw("cube", colour="green", color="blue")
    assert (draw.__name__, draw.__doc__) == ("draw", "Draws.")


def test_an_old_method_is_the_new_one():
    class Brush:
        def color(self) -> str:
            return "red"

        colour = old_function("Brush.colour", COLOR)(color)

    assert Brush().color() == "red"
    with pytest.warns(DeprecationWarning, match=rf"^Brush.colour\(\) {SENTENCE}$"):
        assert Brush().colour() == "red"


@pytest.fixture
def invoke():
    """A command `draw --color NAME`, which was `--colour`, beside another one."""
    app = typer.Typer()

    @app.command("draw", cls=old_options({"--colour": Renamed("--color", "0.3", "0.5")}))
    def draw(shape: str, color: str = typer.Option("black", "--color", "-c")) -> None:
        print(f"{color} {shape}")

    app.command("other")(lambda: None)
    return lambda *arguments: CliRunner().invoke(app, ["draw", *arguments])


@pytest.mark.parametrize("arguments", [("--colour", "red", "cube"), ("cube", "--colour=red")])
def test_an_old_option_is_the_new_one_and_says_so_on_stderr(invoke, arguments):
    result = invoke(*arguments)
    assert result.exit_code == 0
    assert result.stdout == "red cube\n"
    assert result.stderr == "musiq: --colour is called --color since musiq 0.3; the old name goes in 0.5\n"


def test_the_new_option_is_silent_and_the_old_one_hidden(invoke):
    assert invoke("cube", "-c", "blue").output == "blue cube\n"
    shown = invoke("--help").output
    assert "--color" in shown
    assert "--colour" not in shown


@pytest.mark.parametrize(("since", "until"), [("0.3", "0.5"), ("0.3", "1.0"), ("1.9", "2.0"), ("0.9", "0.11")])
def test_an_old_name_stays_for_two_minor_releases_or_until_the_next_major_one(since, until):
    assert Renamed("new", since, until).words("old").endswith(f"since musiq {since}; the old name goes in {until}")


@pytest.mark.parametrize("until", ["0.4", "0.3", "0.2"])
def test_an_old_name_does_not_go_sooner(until):
    with pytest.raises(ValueError, match=r"new: renamed in 0.3, so the old name stays until 0.5"):
        Renamed("new", "0.3", until)
