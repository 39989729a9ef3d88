"""What mails say: plain text and the same as HTML, without pictures, trackers and anything of another host.

Names come from people. The library refuses a header with a line break, so no name makes a header of its own;
in HTML they are escaped.
"""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import NamedTuple

from data.mails import Mail

_AT = "%-d %B %Y, %H:%M UTC"
_HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif">
<div style="max-width:520px">
{body}
</div>
</body></html>
"""
_LINK = (
    '<p style="margin:24px 0"><a href="{link}" style="display:inline-block;padding:11px 20px;'
    'border-radius:8px;background:#3b5bdb;color:#ffffff;font-weight:600;text-decoration:none">{what}</a></p>\n'
    '<p style="font-size:13px;overflow-wrap:anywhere">Or open this address: {link}</p>'
)


class Words(NamedTuple):
    """`before` and `after` are paragraphs around the link, if there is one; `what` is what it is for."""

    subject: str
    before: list[str]
    what: str = ""
    link: str = ""
    after: tuple[str, ...] = ()


def words(mail: Mail, origin: str) -> Words:
    """What a mail says; links begin with `origin`."""
    token, until = mail.content.get("token", ""), _moment(mail.expires_at)
    if mail.kind == "invitation":
        return Words(
            f"{mail.content['by']} invites you to {mail.organisation}",
            [f"{mail.content['by']} invites you to see the figures of {mail.organisation} on Housecount."],
            "Choose your password",
            f"{origin}/welcome/{token}",
            (
                f"The link works once, until {until}.",
                "If this is not meant for you, do nothing: without the link there is no account.",
            ),
        )
    if mail.kind == "reset":
        return Words(
            "Another password for Housecount",
            [f"Somebody, most likely you, forgot the password of your account at {mail.organisation}."],
            "Choose another password",
            f"{origin}/reset/{token}",
            (
                f"The link works once, until {until}.",
                "If it was not you, do nothing: your password stays as it is.",
            ),
        )
    if mail.kind == "webhook-disabled":
        called = mail.content["webhook"]
        why = {
            "gone": "Its receiver said that it is gone (410).",
            "failing": "Nothing came through to it for three days.",
        }[mail.content["why"]]
        return Words(
            "A webhook was turned off",
            [
                f"The webhook {called} of {mail.organisation} was turned off on {_moment(mail.created_at)}.",
                why,
            ],
            "See what happened",
            f"{origin}/webhooks/{mail.content['id']}",
            ("There it can be turned on again, and what was not delivered can be sent.",),
        )
    account, at = f"your account at {mail.organisation}", _moment(mail.created_at)
    help_ = f"If it was not you, ask for another one at {origin}/forgot now, and tell who looks after people."
    elsewhere = "Everywhere else you are signed out."
    if mail.kind == "factor-changed":
        subject, told = {
            "on": (
                "A second factor was set up",
                f"A second factor was set up for {account} on {at}. {elsewhere}",
            ),
            "off": (
                "Your second factor was taken away",
                f"The second factor of {account} was taken away on {at}. {elsewhere}",
            ),
            "reset": (
                "Your second factor was reset",
                f"Who looks after people took the second factor of {account} away on {at}. {elsewhere}",
            ),
            "codes": (
                "New recovery codes were made",
                f"New recovery codes were made for {account} on {at}. Earlier ones open nothing any more.",
            ),
        }[mail.content["change"]]
        return Words(subject, [told, help_])
    told = f"The password of {account} was changed on {at}. {elsewhere}"
    return Words("Your password was changed", [told, help_])


def message(mail: Mail, origin: str, sender: str) -> EmailMessage:
    """The mail, ready to be sent from this address. Raises ValueError for a header that cannot be one."""
    said = words(mail, origin)
    hello = f"Hello {mail.content['name']},"
    made = EmailMessage(policy=SMTP)
    made["From"] = Address("Housecount", addr_spec=sender)
    made["To"] = Address(addr_spec=mail.recipient)
    made["Subject"] = said.subject
    made["Date"] = mail.created_at
    made["Message-ID"] = f"<{mail.mail_id}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    link = [f"{said.what}:\n{said.link}"] if said.link else []
    made.set_content("\n\n".join([hello, *said.before, *link, *said.after]) + "\n", cte="quoted-printable")
    parts = [_paragraph(each) for each in (hello, *said.before)]
    parts += [_LINK.format(link=escape(said.link), what=escape(said.what))] if said.link else []
    parts += [_paragraph(each) for each in said.after]
    html = _HTML.format(title=escape(said.subject), body="\n".join(parts))
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    return made


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _moment(at: datetime) -> str:
    return at.strftime(_AT)
