"""The app: routes over the parts of a server, behind its guard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from anyio import to_thread
from fastapi import FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

from musiq import __version__
from musiq.web import guard
from musiq.web.api import jobs, photos, picks, pictures, score, status
from musiq.web.metrics import Metrics
from musiq.web.parts import Parts
from musiq.web.settings import Settings

PAGE = Path(__file__).parent / "page"
ABOUT = """Scores photo quality.

A photo that cannot be read is a row with `kind` and `error`, and never spoils others. Every answer with a status of 400
or more is `{"error": {"kind": ..., "reason": ...}}`."""


def create_app(settings: Settings) -> FastAPI:
    """An app that has its parts from its start until its end (`lifespan`).

    Its start raises `MusiqError` or `ValueError` where something of the settings cannot be had.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.parts = parts = await to_thread.run_sync(Parts, settings)
        try:
            yield
        finally:
            await to_thread.run_sync(parts.close)

    app = FastAPI(
        title="musiq", version=__version__, description=ABOUT, lifespan=lifespan, docs_url=None, redoc_url=None
    )
    for router in (score.router, photos.router, pictures.router, picks.router, jobs.router, status.router):
        app.include_router(router)
    app.add_api_route("/", _page, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=PAGE, check_dir=False))
    guard.protect(app, settings)
    _measure(app)
    return app


def _page() -> FileResponse:
    return FileResponse(PAGE / "index.html")


def _measure(app: FastAPI) -> None:
    def images() -> dict[str, int]:
        return dict(app.state.parts.service.outcomes)

    def queue() -> dict[str, int]:
        workers = app.state.parts.workers
        return {"waiting": workers.waiting, "working": workers.working, "limit": workers.length}

    def counts() -> dict[str, int]:
        found = app.state.parts.jobs
        return {} if found is None else dict(found.counts())

    Metrics().attach(app, images=images, queue=queue, jobs=counts)
