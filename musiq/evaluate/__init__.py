"""Predictions against ratings."""
