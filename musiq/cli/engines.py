"""What scores the images of a command, opened by its options."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Literal, NamedTuple

from musiq.checkpoint import Checkpoint
from musiq.decode.limits import Limits
from musiq.decode.pool import IDLE_BYTES, Decoders
from musiq.image import MAX_PIXELS
from musiq.inputs.expand import Inputs
from musiq.meaning.describe import describe_columns, describe_scale
from musiq.resize import Profile
from musiq.runs.engine import Engine
from musiq.runs.local import LocalEngine
from musiq.runs.summary import Summary
from musiq.runtime.choose import Device, RuntimeName
from musiq.runtime.precision import Precision, core_count
from musiq.scorer import Scorer
from musiq.store.store import Store


class ScorerOptions(NamedTuple):
    """The options of `Scorer.load` that commands have."""

    checkpoint: str | Checkpoint = "default"
    runtime: RuntimeName = "auto"
    device: Device = "cpu"
    precision: Precision = "fp32"
    threads: int | None = None
    workers: int | None = None
    max_pixels: int = MAX_PIXELS
    max_memory: int | None = None
    max_patches: int | None = None
    preprocess: Profile | None = None


EngineName = Literal["local", "ray"]
Opened = tuple[Engine, Store | None, Summary]


def open_engine(
    name: EngineName,
    address: str | None,
    options: ScorerOptions,
    limits: Limits,
    store: Path | None,
    retry_errors: bool,
) -> AbstractContextManager[Opened]:
    """The engine of that name; `address` is of a Ray cluster."""
    if name == "ray":
        return ray_engine(options, limits, store, retry_errors, address)
    if address is not None:
        raise ValueError("--address is of a Ray cluster; say --engine ray")
    return local_engine(options, limits, store, retry_errors)


@contextmanager
def local_engine(
    options: ScorerOptions, limits: Limits, store: Path | None = None, retry_errors: bool = False
) -> Iterator[Opened]:
    """An engine on this machine, the store that it knows, and an empty summary in its checkpoint's scale."""
    with ExitStack() as stack:
        decoders = stack.enter_context(Decoders(limits, ready=1))  # it starts while the network is loaded
        stack.enter_context(_ended_by_ctrl_c(decoders))
        workers = options.workers or options.threads or core_count()
        scorer = Scorer.load(**options._asdict(), beside=workers * IDLE_BYTES)
        opened = None if store is None else stack.enter_context(Store(store))
        yield LocalEngine(scorer, decoders, opened, retry_errors), opened, _summary(scorer.checkpoint)


@contextmanager
def ray_engine(
    options: ScorerOptions,
    limits: Limits,
    store: Path | None = None,
    retry_errors: bool = False,
    address: str | None = None,
) -> Iterator[Opened]:
    """The same on a Ray cluster."""
    from musiq.cluster.engine import RayEngine

    with ExitStack() as stack:
        opened = None if store is None else stack.enter_context(Store(store))
        engine = RayEngine(options._asdict(), limits, store=opened, retry_errors=retry_errors, address=address)
        stack.enter_context(engine)
        yield engine, opened, _summary(engine.checkpoint)


def _summary(checkpoint: Checkpoint) -> Summary:
    scale = checkpoint.score_range
    meaning = "\n".join(filter(None, (describe_scale(checkpoint), describe_columns(checkpoint))))
    return Summary(scale.low, scale.high, scale.higher_is_better, meaning)


def refuse_nothing(inputs: Inputs, names: Sequence[str]) -> None:
    """Refuses inputs without an image, which are a mistake."""
    if next(iter(inputs), None) is None:
        hint = "" if inputs.recursive else " (subfolders: --recursive)"
        raise ValueError(f"no images in {', '.join(names)}{hint}")


@contextmanager
def _ended_by_ctrl_c(decoders: Decoders) -> Iterator[None]:
    """Context in which Ctrl-C waits for no decoder."""

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        decoders.stop()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
