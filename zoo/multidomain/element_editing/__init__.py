"""Element editing."""

from tfi2i.zoo.multidomain.element_editing.model import ElementEditing

__all__ = ["ElementEditing"]
