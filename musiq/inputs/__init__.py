"""What a user names -> images to score, one after another: files, folders, lists, archives, tables, addresses."""
