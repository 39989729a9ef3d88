"""What PostgreSQL refuses costs a bounded number of transactions, and one line in the log."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from data import commit, facts
from data.commit import NotStorable
from data.engine import Database
from data.facts import Written
from data.messages import Message


class Deaf:
    """A live path that nobody listens to."""

    def touched(self, tenant_id: UUID, versions: Any) -> None:
        """Nothing."""


def refusing(bad: set[UUID], written: list[int]) -> Any:
    def write(_: Database, __: UUID, messages: Sequence[Message]) -> Written:
        written.append(len(messages))
        if any(message.key in bad for message in messages):
            raise psycopg.errors.NumericValueOutOfRange("bigint out of range")
        return Written(["accepted"] * len(messages))

    return write


@pytest.fixture
def thousand() -> list[Message]:
    now = datetime.now(UTC)
    return [Message(uuid4(), "scan", "test", uuid4(), uuid4(), "gala", now, "{}", ()) for _ in range(1000)]


@pytest.mark.parametrize("bad", [1, 3])
def test_the_few_at_fault_are_found_and_the_others_are_written(
    bad: int, thousand: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    wrong = {message.key for message in thousand[:: 1000 // bad][:bad]}
    monkeypatch.setattr(facts, "write", refusing(wrong, written))
    verdicts = commit.commit(None, Deaf(), uuid4(), thousand)  # type: ignore[arg-type]
    assert [isinstance(verdict, NotStorable) for verdict in verdicts] == [
        message.key in wrong for message in thousand
    ]


def test_a_batch_of_which_everything_is_refused_costs_little(
    thousand: list[Message], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[int] = []
    monkeypatch.setattr(facts, "write", refusing({message.key for message in thousand}, written))
    with caplog.at_level(logging.ERROR):
        verdicts = commit.commit(None, Deaf(), uuid4(), thousand)  # type: ignore[arg-type]
    assert all(isinstance(verdict, NotStorable) for verdict in verdicts)
    assert len(verdicts) == 1000
    assert len(written) <= commit.MOST_ATTEMPTS
    assert [record.getMessage() for record in caplog.records] == [
        "PostgreSQL refused 1000 of 1000 messages that the door let pass"
    ]
