"""Answers that a process has at hand: the ones used last, without customers, within their room."""

from dataclasses import replace
from datetime import UTC, datetime

from prometheus_client import Counter

from data.answer_store import AnswerStore
from data.answers import Answer, Column
from data.near_answers import NearAnswers
from tests.live.served import fresh_prefix

ANSWER = Answer((Column("tickets_sold", "Tickets", "metric", "tickets"),), [(7,)], datetime.now(UTC), "UTC")


def test_what_was_not_used_for_longest_makes_room() -> None:
    near = NearAnswers(most_bytes=100)
    for key in ("a", "b", "c", "d"):
        near.keep(key, ANSWER, 25)
    assert near.find(["a", "x"]) == {"a": ANSWER}
    near.keep("e", ANSWER, 25)
    assert list(near.find("abcde")) == ["a", "c", "d", "e"]
    near.keep("e", ANSWER, 1)
    near.keep("f", ANSWER, 24)
    assert list(near.find("abcdef")) == ["a", "c", "d", "e", "f"]


def test_what_is_large_and_what_names_customers_stays_away() -> None:
    near = NearAnswers(most_bytes=100)
    near.keep("large", ANSWER, 26)
    named = replace(ANSWER, columns=(Column("customer", "Customer", "text"), *ANSWER.columns))
    near.keep("customers", named, 5)
    assert near.find(["large", "customers"]) == {}


def test_what_redis_had_is_there_without_redis(redis_url: str) -> None:
    prefix = fresh_prefix()
    hits, misses = (Counter(f"{name}_of_near", "Counted.", registry=None) for name in ("hits", "misses"))
    writer, reader = (AnswerStore(redis_url, prefix, hits, misses) for _ in range(2))
    writer.keep({"one": ANSWER, "two": ANSWER})
    assert reader.find(["one"]) == {"one": ANSWER}
    reader._redis = AnswerStore("redis://127.0.0.1:1/0", prefix, hits, misses)._redis
    assert reader.find(["one", "two"]) == {"one": ANSWER}
    writer.close()
