"""The command line: `python -m jobs <command>`; `python -m jobs --help` lists the commands.

Each command is a module of this package with `arguments(parser)` and `run(arguments, settings)`; only
the one that was asked for is imported, as the long-running ones have to stay small.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

import logs
from config import ConfigurationError, Settings
from data.folder import EmbeddedError

COMMANDS = {
    "worker": "work through the queues and keep everything in order, until stopped",
    "seed": "fill the demo venues, or roll them forward to today",
    "simulate": "publish the demo venues' sales and scans, until stopped",
    "pretix-add": "connect a pretix organizer and print its webhook address",
    "pretix-backfill": "read all orders and check-ins of a pretix organizer, with a progress bar",
    "queue": "add, list or remove queues that messages are read from: RabbitMQ, Bull, BullMQ",
    "consume": "read the tenants' queues, until there are none",
    "site": "add, list or remove the websites whose pages are counted",
    "sink": "copy the ledger to InfluxDB or MongoDB, and list, rewind or remove such copies",
    "webhook": "make, list, test, enable or remove the webhooks by which others are told what happens",
    "rebuild": "work all roll-ups out again from the facts, and correct what differs",
    "export": "write the exports that wait, until none has come for a while",
    "keys": "lock the tenants' keys by a new master key",
    "privacy": "take away or erase what is kept of a customer, or clean what is stored",
    "archive": "move old months of facts to Parquet files, list and verify them, bring them back",
    "tenant": "make or list the tenants: organisations whose venues and people see each other",
    "venue": "make or list the venues of a tenant",
    "user": "make, list, disable or enable the people who sign in, and change their passwords",
    "audit": "verify the audit log, or print its anchors",
    "import": "import a spreadsheet (CSV or Excel), or undo an import, with a progress bar",
    "import-uploaded": "work on the files that were uploaded, and end when none came for a while",
    "token": "make, list or revoke the API tokens of a tenant",
    "signing-key": "make, list or revoke the keys by which a tenant's services sign their requests",
}


class Command(Protocol):
    """What a command's module offers."""

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""

    def run(self, arguments: argparse.Namespace, settings: Settings) -> int:
        """Do it; returns the exit status."""


def main(words: Sequence[str]) -> int:
    """Run the command that `words` ask for; the exit status is 2 when the settings cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m jobs",
        description="Housecount's jobs and commands.",
        formatter_class=_Wide,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    parsers = {name: commands.add_parser(name, help=what) for name, what in COMMANDS.items()}
    chosen = next((word for word in words if not word.startswith("-")), "")
    command = cast(Command, import_module(module_of(chosen))) if chosen in COMMANDS else None
    if command is not None:
        parsers[chosen].description = command.__doc__
        command.arguments(parsers[chosen])
    arguments = parser.parse_args(words)
    assert command is not None  # argparse has refused every other word.
    try:
        settings = Settings.load()
        logs.configure(settings, arguments.command)
        return command.run(arguments, settings)
    except (ConfigurationError, EmbeddedError) as error:
        print(error, file=sys.stderr)
        return 2


class _Wide(argparse.HelpFormatter):
    """Room for the longest command beside its help: argparse forgets that commands are indented."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=32)
        self._action_max_length = 4 + max(len(name) for name in COMMANDS)


def module_of(command: str) -> str:
    """The module of a command."""
    # A module cannot be called after a keyword.
    return "jobs.import_file" if command == "import" else f"jobs.{command.replace('-', '_')}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
