"""Runs over any number of images: what is there is skipped, what is new is scored, what fails is a row."""
