"""Which passwords are refused, without asking anybody, and that no hash tells two alike."""

from __future__ import annotations

import socket
import time

import pytest

from data.passwords import matches, password_hash, password_problem

GUESSED = "This password is easily guessed"


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("nobody outside is asked about a password")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "123456789012",
        "qwertyuiop12",
        "iloveyou1234",
        "P@ssw0rd2026",
        "Welcome12345!",
        "trustno1trustno1",
        "manchester2026",
        "1q2w3e4r5t6y",
        "aaaaaaaaaaaaaaaa",
        "byronbyronada",
        "abcdefghijkl" * 80,
        "Summer2026!!",
        "!!Summ3r-2026",
        "MondayJuly2026!!",
        "Dienstag2026!",
        "sábado 2026!!",
        "Manchester2026!!",
        "2026-2026!!!!",
    ],
)
def test_what_was_found_in_breaches_or_is_made_of_common_parts_is_refused(password: str) -> None:
    problem = password_problem(password, "al@example.org", "Ada Byron")
    assert problem is not None
    assert problem.startswith(GUESSED)


@pytest.mark.parametrize(
    "password",
    [
        "a long and quiet night",
        "correct horse battery staple",
        "ein anderes gutes wort",
        "Kq7#vR2!mZ9x",
        "summer 902174853166",
        "quiet otter 2026!!",
        "summer?!%&$/=)(+#",
    ],
)
def test_what_nobody_guesses_is_taken(password: str) -> None:
    assert password_problem(password, "al@example.org", "Ada Byron") is None


def test_no_password_takes_long_to_judge() -> None:
    began = time.monotonic()
    password_problem("@$0|134!57" * 102, "al@example.org")
    assert time.monotonic() - began < 10


def test_the_same_password_has_two_hashes_and_both_are_its_own() -> None:
    one, two = password_hash("x"), password_hash("x")
    assert one != two
    assert matches(one, "x")
    assert matches(two, "x")
    assert not matches(one, "y")
    assert not matches("no hash", "x")
