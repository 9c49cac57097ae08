"""The command line: parsing and printing only, a file per command group."""

import sys

import typer

from musiq import __version__
from musiq.cli import (
    calibrate,
    checkpoints,
    choose,
    compare,
    data,
    doctor,
    evaluate,
    explain,
    export,
    reproduce,
    score,
    selfcheck,
    serve,
    store,
    train,
    video,
)
from musiq.errors import MusiqError

app = typer.Typer(
    name="musiq", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
app.command("score")(score.score)
app.command("rank")(choose.rank)
app.command("pick")(choose.pick)
app.command("dedupe")(choose.dedupe)
app.command("video")(video.video)
app.command("explain")(explain.explain)
app.command("export")(export.export)
app.command("compare")(compare.compare)
app.command("calibrate")(calibrate.calibrate)
app.command("serve")(serve.serve)
app.command("selfcheck")(selfcheck.selfcheck)
app.command("doctor")(doctor.doctor)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.command("table")(evaluate.table)
app.command("significance")(evaluate.significance)
app.command("reproduce")(reproduce.reproduce)
app.add_typer(store.app, name="store")
app.add_typer(checkpoints.app, name="checkpoints")
app.add_typer(data.app, name="data")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"musiq {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Show the version."),
) -> None:
    """How good does a photo look? Scores photos, and trains networks that do."""


def main() -> None:
    """Entry point: errors of ours are one line on stderr and exit 2."""
    try:
        app()
    except (MusiqError, ValueError) as error:
        print(f"musiq: {error}", file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        print(f"musiq: {error}", file=sys.stderr)
        sys.exit(2)
