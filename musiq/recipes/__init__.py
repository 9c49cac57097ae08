"""Training plans, a file each; `musiq train NAME` finds them here."""
