"""What a number means, and how the server stands."""

from typing import Any

from fastapi import APIRouter

from musiq import __version__
from musiq.checkpoint import Checkpoint
from musiq.meaning.describe import describe_meaning
from musiq.web.answers import Health, Meaning, Status
from musiq.web.api.asking import Asked, errors
from musiq.web.guard.errors import ShuttingDown

router = APIRouter(tags=["status"])


@router.get("/api/checkpoint", summary="What a score means", response_model=Meaning)
def get_checkpoint(parts: Asked) -> Any:
    """The checkpoint's scale and bands, the photos that percentiles compare with, and how exact it is."""
    return meaning_of(parts.scorer.checkpoint)


@router.get("/api/status", summary="How the server stands", response_model=Status)
def get_status(parts: Asked) -> Any:
    """Its queue, what was sent, and what a request may hold."""
    settings, workers, uploads = parts.settings, parts.workers, parts.uploads
    return {
        "instance": parts.instance,
        "version": __version__,
        "folder": settings.folder_name,
        "checkpoint": parts.scorer.checkpoint.name,
        "queue": {"waiting": workers.waiting, "limit": workers.length, "working": workers.working},
        "uploads": {"count": uploads.count, "bytes": uploads.bytes, "limit": uploads.limit},
        "limits": {
            name: getattr(settings, name) for name in ("upload_bytes", "file_bytes", "max_pixels", "files_per_request")
        },
        "kept": settings.store is not None,
    }


@router.get("/healthz", summary="Whether the process lives", response_model=Health)
async def healthz() -> Any:
    """Asks nothing of the network; needs no token."""
    return {"status": "ok"}


@router.get("/readyz", summary="Whether requests are taken", response_model=Health, responses=errors(503))
async def readyz(parts: Asked) -> Any:
    """503 while the server stops; needs no token."""
    if parts.stopping:
        raise ShuttingDown
    return {"status": "ok"}


def meaning_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """What `describe_meaning` says, by the names of this API."""
    known = describe_meaning(checkpoint)
    interval = known.pop("interval") or {}
    bands = [{"name": band["band"], "low": band["low"], "high": band["high"]} for band in known["bands"]]
    return {**known, "name": known.pop("checkpoint"), "bands": bands, "coverage": interval.get("coverage")}
