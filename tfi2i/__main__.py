"""Lets `python -m tfi2i` do what the command `tfi2i` does."""

from tfi2i.cli import main

if __name__ == "__main__":
    main()
