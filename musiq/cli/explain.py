"""`musiq explain`."""

from collections.abc import Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musiq.cli.chosen import Failures
from musiq.cli.engines import refuse_nothing
from musiq.cli.options import (
    CheckpointOption,
    DeviceOption,
    MemoryOption,
    PreprocessOption,
    RecursiveOption,
    RuntimeOption,
)
from musiq.decode.limits import Limits
from musiq.decode.pool import Decoders
from musiq.errors import ImageError, MissingExtraError, OutputError
from musiq.explain.files import Draw, is_drawn, write_explanation
from musiq.explain.photo import Explanation, explain_photo
from musiq.image import DecodedImage
from musiq.inputs.expand import Inputs
from musiq.inputs.item import Item
from musiq.progress import printable, progress_bar, say
from musiq.runs.run import count_items
from musiq.scorer import Scorer

if TYPE_CHECKING:
    from musiq.model import MUSIQ

CAUTION = "Regions are judged without what surrounds them: an empty sky or a soft background counts as blurred."


def explain(
    paths: Annotated[
        list[str], typer.Argument(metavar="PHOTO...", help="Photos; folders, archives, lists... of them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the pictures and data; it is made if need be.")],
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    attention: Annotated[
        bool, typer.Option(help="Draw what the network attends to: optional, needs musiq[train] (torch, large).")
    ] = True,
    sensitivity: Annotated[
        bool, typer.Option(help="Crop, resize, compress and turn the photo, and score that.")
    ] = True,
    recursive: RecursiveOption = False,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
    max_memory: MemoryOption = None,
) -> None:
    """Say why photos score as they do: which regions look worse, what the score depends on, what the number means.

    Of each photo NAME it prints a few lines and writes NAME-quality.jpg (local quality over the photo),
    NAME-attention.jpg, NAME-sensitivity.svg and NAME.json (all of it as data); another photo of that name gets digits
    after it. Needs musiq[explain]. Exit 0; 1 when something failed (each is named); 2 for wrong usage.
    """
    import_module("musiq.explain.panels")  # says what is missing before anything is scored
    inputs, failures = Inputs(tuple(paths), recursive), Failures()
    refuse_nothing(inputs, paths)
    _make(out)
    scorer = Scorer.load(checkpoint, preprocess=preprocess, runtime=runtime, device=device, max_memory=max_memory)
    network = _open_network(scorer) if attention else None
    with Decoders(Limits(), ready=1) as decoders, progress_bar("explaining", None) as advance:
        if inputs.quick:
            count_items(_photos(inputs, out), advance)
        for item in _photos(inputs, out):
            try:
                photo = _decode(decoders, item)
                explanation = explain_photo(scorer, photo, sensitivity)
                drawn = _drawn(photo, explanation, network, scorer)
                _print(item.name, explanation, write_explanation(out, item, explanation.as_dict(), drawn))
            except (ImageError, OutputError) as error:
                failures.add(str(error) if item.name in str(error) else f"{item.name}: {error}")
            advance(item.name.rpartition("/")[2])
    say(CAUTION)
    failures.end()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"--out {folder}: {error.strerror}") from error


def _photos(inputs: Inputs, out: Path) -> Iterator[Item]:
    """The photos, without the pictures that were drawn of them."""
    for item in inputs:
        if not is_drawn(out, item):
            yield Item(item.name, item.source.fetch())


def _decode(decoders: Decoders, item: Item) -> DecodedImage:
    with decoders.borrow() as decoder:
        decoder.open(item)
        return decoder.decode(lambda height, width: None)


def _open_network(scorer: Scorer) -> "MUSIQ | None":
    try:
        from musiq.explain.network import open_network
    except MissingExtraError as error:
        say(f"musiq: no attention is drawn, which is optional: {error} (torch, large); --no-attention leaves this out")
        return None
    return open_network(scorer.checkpoint)


def _drawn(photo: DecodedImage, explanation: Explanation, network: "MUSIQ | None", scorer: Scorer) -> dict[str, Draw]:
    """What draws each picture, by its ending."""
    from musiq.explain.draw_quality import draw_quality
    from musiq.explain.draw_sensitivity import draw_sensitivity

    name = Path(photo.name).name
    drawn: dict[str, Draw] = {"-quality.jpg": partial(draw_quality, photo.pixels, explanation.maps, caption=name)}
    if network is not None:
        drawn["-attention.jpg"] = partial(_draw_attention, photo, network, scorer)
    if explanation.curves:
        drawn["-sensitivity.svg"] = partial(draw_sensitivity, explanation.curves)
    return drawn


def _draw_attention(photo: DecodedImage, network: "MUSIQ", scorer: Scorer, path: Path) -> None:
    from musiq.explain.attention import attention_maps
    from musiq.explain.draw import draw_attention

    kinds = {"last layer": False, "followed through all layers": True}
    maps = {
        kind: attention_maps(network, photo.pixels, scorer.checkpoint.patches, rollout=kinds[kind]) for kind in kinds
    }
    draw_attention([(photo.pixels, one, f"attention, {kind}") for kind, one in maps.items()], path)


def _print(name: str, explanation: Explanation, files: list[Path]) -> None:
    print(printable(name))
    for line in (*explanation.lines(), f"Written: {', '.join(map(str, files))}."):
        print(f"  {printable(line)}")
