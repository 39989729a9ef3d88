"""What commands take for a name."""

from __future__ import annotations

import argparse

import pytest

from jobs.administration import name, person


def test_a_person_is_not_called_like_a_web_address_and_an_organisation_may_be() -> None:
    assert person(" Dr. Ada St. John ") == "Dr. Ada St. John"
    assert name("tickets.example") == "tickets.example"
    with pytest.raises(argparse.ArgumentTypeError, match="must not look like a web address"):
        person("evil.example/login")
