"""Generators: they turn noise, and perhaps a label or a caption, into images."""
