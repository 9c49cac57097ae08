"""Rated images on disk -> `Record`s -> steps of ragged batches."""

from musiq.data.csv import Record, read_records

__all__ = ["Record", "read_records"]
