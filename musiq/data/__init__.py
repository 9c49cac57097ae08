"""Published data sets and a user's own -> `Record`s -> splits -> steps of ragged batches."""

from musiq.data.record import DataSet, Record

__all__ = ["DataSet", "Record"]
