"""What stands before the app: who may ask, how much and how slowly, and what every answer has."""

from fastapi import FastAPI
from starlette.types import ASGIApp

from musiq.web.guard.bodies import Bodies
from musiq.web.guard.callers import Callers
from musiq.web.guard.errors import Refusal, Unexpected, answer_errors, error_response
from musiq.web.guard.headers import SafeHeaders
from musiq.web.guard.reference import add_reference
from musiq.web.guard.tokens import Tokens
from musiq.web.settings import Settings

__all__ = ["Refusal", "error_response", "guarded", "protect"]


def guarded(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The app behind all checks; the outermost stands first."""
    return SafeHeaders(Unexpected(Callers(Tokens(Bodies(app, settings), settings.token), settings)))


def protect(app: FastAPI, settings: Settings) -> None:
    """Puts the guard before an app, answers its errors in one shape, and adds its reference at /docs."""
    answer_errors(app)
    add_reference(app)
    app.add_middleware(guarded, settings=settings)
