"""Make, list, disable or enable the people who sign in, and change their passwords.

A password is asked for, or read from standard input when that is no terminal, so that it appears neither
in the list of processes nor in the shell's history.
"""

import argparse
import sys
from getpass import getpass
from typing import get_args
from uuid import UUID

from config import Settings
from data.engine import Database, TenantConnection
from data.passwords import password_problem
from data.users import Role, add_user, find_user, is_email, list_users, set_disabled, set_password
from jobs.administration import Refusal, administer, choose_tenant, person, tenant_of
from jobs.recorded import recorded


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and to whom."""
    actions = parser.add_subparsers(dest="action", required=True)
    what = {
        "create": "make a user; the password is asked for",
        "password": "change a password, and end the user's sessions",
        "disable": "shut a user out, at once",
        "enable": "let a disabled user sign in again",
        "list": "show all users of a tenant",
    }
    parsers = {action: actions.add_parser(action, help=text) for action, text in what.items()}
    for action, one in parsers.items():
        choose_tenant(one)
        if action != "list":
            one.add_argument("--email", type=email, required=True, help="what the user signs in with")
    parsers["create"].add_argument("--name", type=person, required=True, help="name for people")
    parsers["create"].add_argument(
        "--role", choices=get_args(Role), required=True, help="what the user may see and do"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 2 when there is no such tenant or user, or the e-mail is taken or the password refused."""
    return administer(settings, lambda database: _act(arguments, database, settings))


def _act(arguments: argparse.Namespace, database: Database, settings: Settings) -> None:
    tenant_id = tenant_of(database, arguments.tenant)
    if arguments.action in ("create", "password"):
        with database.tenant(tenant_id) as tenant:
            _check(tenant, arguments)  # Before a person types a password for nothing.
        password = _password(arguments.email, getattr(arguments, "name", ""))
    with database.tenant(tenant_id) as tenant:
        if arguments.action == "list":
            for user in list_users(tenant):
                state = "disabled" if user["disabled_at"] else "active"
                print(f"{user['email']:40} {user['role']:9} {state:9} {user['name']}")
            recorded(tenant, settings, "list-users")
        elif arguments.action == "create":
            _check(tenant, arguments)
            made = add_user(tenant, arguments.email, arguments.name, arguments.role, password)
            recorded(tenant, settings, "make-user", f"user:{made}", role=arguments.role)
            print(f"Made the {arguments.role} {arguments.email}, {arguments.name}.")
        elif arguments.action == "password":
            known = _known(tenant, arguments.email)
            set_password(tenant, known, password)
            recorded(tenant, settings, "change-password", f"user:{known}")
            print(f"{arguments.email} has another password, and no session any more.")
        else:
            known = _known(tenant, arguments.email)
            set_disabled(tenant, known, arguments.action == "disable")
            recorded(tenant, settings, f"{arguments.action}-user", f"user:{known}")
            print(f"{arguments.email} is {arguments.action}d.")


def _check(tenant: TenantConnection, arguments: argparse.Namespace) -> None:
    if arguments.action == "password":
        _known(tenant, arguments.email)
    elif find_user(tenant, arguments.email) is not None:
        raise Refusal(f"There is a user {arguments.email} already.")


def _known(tenant: TenantConnection, address: str) -> UUID:
    found = find_user(tenant, address)
    if found is None:
        raise Refusal(f"There is no user {address}.")
    return found


def _password(address: str, called: str) -> str:
    """What was typed twice, or the first line of standard input. Raises Refusal when it will not do."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("The same again: ") != password:
            raise Refusal("These were two different passwords.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    problem = password_problem(password, address, called)
    if problem is not None:
        raise Refusal(problem)
    return password


def email(text: str) -> str:
    """An address as the sign-in compares it, for argparse: in small letters."""
    if not is_email(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no e-mail address")
    return text.lower()
