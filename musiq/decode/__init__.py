"""Decoding in processes of its own, so that a broken or hostile file costs one row and never the run."""
