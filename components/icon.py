"""Icons: those of `widgets/icon.py`."""

from widgets.icon import icon

__all__ = ["icon"]
