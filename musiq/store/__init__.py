"""Saved scores: one SQLite file that a later run over the same photos reads instead of scoring again."""

from musiq.store.store import Store

__all__ = ["Store"]
