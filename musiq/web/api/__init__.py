"""What clients may ask, a router per subject."""
