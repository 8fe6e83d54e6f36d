"""Images of any size through a generator; knows networks and files, and no variant."""
