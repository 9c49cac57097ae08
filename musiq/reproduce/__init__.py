"""Results of papers, got again: networks beside older methods, on the same splits."""
