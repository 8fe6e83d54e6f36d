"""The variants that translate between many domains, one folder each."""
