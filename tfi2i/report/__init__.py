"""Pages that explain a run: one HTML file each, nothing loaded from elsewhere."""

from typing import TYPE_CHECKING

from tfi2i.lazy import lazy_names

if TYPE_CHECKING:
    from tfi2i.report.run_page import write_run_page

__all__ = ["write_run_page"]

# The command line reads names of figures from this package, and loads no NumPy for its help.
__getattr__, __dir__ = lazy_names(__name__, {"write_run_page": "tfi2i.report.run_page"})
