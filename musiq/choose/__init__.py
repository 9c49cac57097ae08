"""Choosing photos by score: the order of a collection, its best, and the best of photos that are alike."""
