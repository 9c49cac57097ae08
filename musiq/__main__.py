"""`python -m musiq`."""

from musiq.cli import main

main()
