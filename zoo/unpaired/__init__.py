"""The unpaired variants, one folder each."""
