"""Values as a manager reads them: `widgets/format.py`."""

from widgets.format import NOTHING, clock, compact, count, day, instant, moment, money, percent, rate

__all__ = ["NOTHING", "clock", "compact", "count", "day", "instant", "moment", "money", "percent", "rate"]
