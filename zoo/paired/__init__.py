"""The paired variants, one folder each."""
