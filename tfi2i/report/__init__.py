"""Pages that explain a run: one HTML file each, nothing loaded from elsewhere."""

from tfi2i.report.run_page import write_run_page

__all__ = ["write_run_page"]
