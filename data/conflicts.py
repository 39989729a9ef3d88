"""Transactions that got in each other's way, and the one that PostgreSQL ended to let the other go on."""

from collections.abc import Callable
from typing import TypeVar

import psycopg

ATTEMPTS = 3
Result = TypeVar("Result")


def retried(transaction: Callable[[], Result]) -> Result:
    """What `transaction` returns; run again, three times at most, when it lost a conflict.

    It must be a whole transaction: nothing of a lost attempt holds.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return transaction()
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            continue
    return transaction()
