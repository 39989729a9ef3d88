"""Tell Housecount of scanned, transferred and refused tickets: see README.md beside this package."""

from .client import Client
from .spool import Full, InUse

__all__ = ["Client", "Full", "InUse"]
