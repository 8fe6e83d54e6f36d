"""Weight files of PyTorch, read without PyTorch and without running code from them."""

from tfi2i.torch_files.reading import read_torch_file

__all__ = ["read_torch_file"]
