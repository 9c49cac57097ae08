"""Rows that the tests of the store make up."""

import hashlib

from musiq.inputs.item import Stamp
from musiq.rows import Row, Scoring

A = Scoring("a" * 64, "google-v1/224+384+native/p32/g10", "fp32")
A8 = Scoring("a" * 64, "google-v1/224+384+native/p32/g10", "int8")
B = Scoring("b" * 64, "google-v1/224+384+native/p32/g10/max512", "fp32")
STAMP, LATER = Stamp(100, 5), Stamp(100, 6)


def content(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()


def scored(path: str, score: float, of: str | None = None, scoring: Scoring = A) -> Row:
    """A row with a score; `of` names the content where it is not the path's own."""
    return Row(path, score=score, content=content(of or path), checkpoint=f"name-{scoring.weights[0]}", **vars(scoring))


def failed(path: str, of: str | None = None, kind: str = "damaged", scoring: Scoring = A) -> Row:
    """A row with an error; `of` names its content where the bytes could be read."""
    return Row(path, content=None if of is None else content(of), kind=kind, error=f"is {kind}", **vars(scoring))
