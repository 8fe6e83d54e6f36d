"""Builds the package, installs it into clean environments and uses it there."""
