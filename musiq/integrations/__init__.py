"""Scores inside other libraries, a module for each; each needs its library, and nothing else imports it."""
