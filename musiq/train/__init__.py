"""Recipe -> run folder -> checkpoint folder."""
