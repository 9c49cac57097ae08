"""An HTTP API over scorer and store, and one page for people. Needs the extra `web`."""
