"""What scores mean: in words, on a scale of one's own, and compared with other scores."""
