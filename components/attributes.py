"""HTML attributes with a hyphen: those of `widgets/attributes.py`, for pages that only lay out."""

from widgets.attributes import marks

__all__ = ["marks"]
