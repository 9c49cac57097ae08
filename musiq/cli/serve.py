"""`musiq serve`."""

import hashlib
import ipaddress
import os
import re
import secrets
import socket
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from musiq.cli.options import (
    CheckpointOption,
    DeviceOption,
    FileMemoryOption,
    FileSecondsOption,
    MemoryOption,
    PatchesOption,
    PixelsOption,
    PrecisionOption,
    PreprocessOption,
    RuntimeOption,
    ThreadsOption,
    WorkersOption,
    size_option,
)
from musiq.errors import MissingExtraError
from musiq.progress import say
from musiq.web.settings import Settings

LEAST_TOKEN = 8
EVERY_ADDRESS = ("0.0.0.0", "::")


def serve(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Folder whose photos are shown; without it, uploads only.")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="File for scores and picks; the folder's own if unset.")] = None,
    no_keep: Annotated[bool, typer.Option("--no-keep", help="Forget scores and picks when the server ends.")] = False,
    flat: Annotated[bool, typer.Option("--flat", help="Leave subfolders out.")] = False,
    no_start: Annotated[bool, typer.Option("--no-start", help="Score the folder only when somebody asks.")] = False,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 lets other machines in.")] = Settings.host,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 for a free one.")] = Settings.port,
    token: Annotated[
        str | None,
        typer.Option(envvar="MUSIQ_TOKEN", help="What requests must carry; made up where others are let in."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Further name that the server may be asked by.")
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    access_log: Annotated[bool, typer.Option("--access-log", help="Print a line for each request.")] = False,
    checkpoint: CheckpointOption = "default",
    preprocess: PreprocessOption = None,
    runtime: RuntimeOption = "auto",
    device: DeviceOption = "cpu",
    precision: PrecisionOption = "fp32",
    threads: ThreadsOption = None,
    workers: WorkersOption = None,
    max_pixels: PixelsOption = Settings.max_pixels,
    max_memory: MemoryOption = None,
    max_patches: PatchesOption = None,
    file_seconds: FileSecondsOption = Settings.file_seconds,
    file_memory: FileMemoryOption = None,
    upload_bytes: Annotated[
        int | None, size_option("--upload-bytes", "Largest body of a request; 256MB if unset.")
    ] = None,
    file_bytes: Annotated[int | None, size_option("--file-bytes", "Largest file that is sent; 100MB if unset.")] = None,
    uploads_bytes: Annotated[
        int | None, size_option("--uploads-bytes", "All photos that were sent to be shown; 2GB if unset.")
    ] = None,
    files_per_request: Annotated[int, typer.Option(min=1, help="Files in one request.")] = Settings.files_per_request,
    queue_length: Annotated[int, typer.Option(min=1, help="Images that may wait.")] = Settings.queue_length,
    jobs_waiting: Annotated[int, typer.Option(min=0, help="Jobs that may wait.")] = Settings.jobs_waiting,
    request_seconds: Annotated[float, typer.Option(min=1, help="Longest answer.")] = Settings.request_seconds,
    body_seconds: Annotated[float, typer.Option(min=1, help="Slowest body of a request.")] = Settings.body_seconds,
    shutdown_seconds: Annotated[
        float, typer.Option(min=0, max=3600, help="For requests in work when the server is stopped.")
    ] = Settings.shutdown_seconds,
) -> None:
    """Show a folder's photos by score on a page of this machine, and answer programs over HTTP.

    Ctrl-C stops it. Exit 0; 2 for wrong usage.
    """
    if no_keep and store is not None:
        raise ValueError(f"--no-keep keeps nothing, and --store {store} would keep it; give one of them")
    given = {"upload_bytes": upload_bytes, "file_bytes": file_bytes, "uploads_bytes": uploads_bytes}
    given["file_memory"] = file_memory
    settings = Settings(
        checkpoint=checkpoint,
        preprocess=preprocess,
        runtime=runtime,
        device=device,
        precision=precision,
        threads=threads,
        workers=workers,
        max_memory=max_memory,
        max_patches=max_patches,
        max_pixels=max_pixels,
        folder=_checked(folder),
        store=None if no_keep else store or _own_store(folder),
        recursive=not flat,
        start=not no_start,
        host=host,
        port=port,
        token=_token(token or None, host),
        hosts=(*(allow_host or ()), *([socket.gethostname()] if host in EVERY_ADDRESS else ())),
        file_seconds=file_seconds,
        files_per_request=files_per_request,
        queue_length=queue_length,
        jobs_waiting=jobs_waiting,
        request_seconds=request_seconds,
        body_seconds=body_seconds,
        shutdown_seconds=shutdown_seconds,
        **{name: value for name, value in given.items() if value is not None},
    )
    _run(settings, made=not token and settings.token is not None, show=show, access_log=access_log)


def _run(settings: Settings, *, made: bool, show: bool, access_log: bool) -> None:
    """Serves until it is stopped; `made` says that nobody but this command knows the token."""
    try:
        from musiq.web import server
        from musiq.web.app import create_app
    except ImportError as error:
        raise MissingExtraError("serving the page and the HTTP API", "web") from error
    with server.bind(settings.host, settings.port) as listening:
        address = _address(settings.host, listening.getsockname()[1])
        page = address if settings.token is None else f"{address}?token={settings.token}"

        def ready() -> None:
            kept = "nowhere" if settings.store is None else f"in {settings.store}"
            say(f"musiq: scores and picks are kept {kept}")
            say(f"musiq: {page if made else address} (Ctrl-C stops it)")
            if show:
                webbrowser.open(page)

        app = create_app(settings)
        server.serve(app, listening, ready, shutdown_seconds=settings.shutdown_seconds, access_log=access_log)


def _checked(folder: Path | None) -> Path | None:
    if folder is not None and not folder.is_dir():
        raise ValueError(f"{folder}: {'no folder' if folder.exists() else 'no such folder'}")
    return folder


def _own_store(folder: Path | None) -> Path | None:
    """The file in the user's state folder that is kept for a folder; uploads alone are kept nowhere."""
    if folder is None:
        return None
    path = folder.resolve()
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "musiq"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]", "_", path.name, flags=re.ASCII)[:64] or "root"
    return state / f"{name}-{hashlib.blake2b(os.fsencode(path), digest_size=6).hexdigest()}.sqlite"


def _token(token: str | None, host: str) -> str | None:
    """The token that is asked for: the given one, or a new one where other machines can reach the server."""
    if token is None:
        return None if _is_loopback(host) else secrets.token_urlsafe(24)
    if len(token) < LEAST_TOKEN or not re.fullmatch(r"[\w.~-]+", token, re.ASCII):
        raise ValueError(f"a token has at least {LEAST_TOKEN} letters, digits, dots, hyphens, underscores and tildes")
    return token


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(host: str, port: int) -> str:
    name = socket.gethostname() if host in EVERY_ADDRESS else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"
