"""What a snapshot holds, and how names and numbers in files are read."""
