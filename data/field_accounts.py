"""What is kept of those who work with Housecount: accounts, sign-ins, keys, tokens, and mails to them."""

from __future__ import annotations

from collections.abc import Mapping

from data.field_kept import Kept
from data.field_kept import of as _of

_TENANT = "until the tenant is removed"

ACCOUNTS: Mapping[str, Kept] = {
    "tenants": Kept("the operator", _TENANT, _of("""
        slug: its short name in commands
        demo: whether it is the demo
        customer_key: a key of older versions, emptied at the start
        rolled_up: whether its history is summed up
        second_factor_required: whether everybody needs one
    """)),
    "tenant_keys": Kept("made here", _TENANT, _of("""
        purpose: what the key is for
        wrapped: the key, locked by the master key
    """)),
    "users": Kept("an owner, or a command", "until removed", _of("""
        user_id: the account
        email: to sign in by
        name: what colleagues see
        role: what the account may do
        password_hash: proves the password without keeping it
        reach: whether all is seen, or only what is granted
    """), {"email": "staff", "name": "staff"}),
    "user_grants": Kept("an owner or a manager", "until taken back", _of("""
        user_id: to whom
        kind: whether it is a venue or an event
        place_id: the venue or event that may be seen
    """), {"user_id": "staff"}),
    "second_factors": Kept("whoever sets one up", "until taken away", _of("""
        user_id: whose it is
        sealed: the secret shared with an app, locked
        confirmed_at: from when on it is asked for
        last_step: the half minute of the last code, so that none is accepted twice
        begun_at: how long it may still be confirmed
    """), {"user_id": "staff"}),
    "recovery_codes": Kept("made here", "until replaced or taken away", _of("""
        user_id: whose it is
        code_hash: proves a code without keeping it
        used_at: each works once
    """), {"user_id": "staff"}),
    "sessions": Kept("signing in", "12 hours at most", _of("""
        session_id: the session
        user_id: whose it is
        seen_at: ends idle sessions
        device: family of browser and system, to recognise one's own sessions
        by_provider: whether the OpenID provider vouched for it
    """), {"user_id": "staff"}),
    "invitations": Kept("an owner or a manager", "until accepted or withdrawn; 30 days after its end", _of("""
        invitation_id: the invitation
        email: where it goes, and what is signed in with
        name: what colleagues will see
        role, reach, places: what the account will see and do
        invited_by: who invites
    """), {"email": "staff", "name": "staff", "invited_by": "staff"}),
    "password_resets": Kept("whoever forgot a password", "an hour", _of("""
        reset_id: the reset
        user_id: whose password
    """), {"user_id": "staff"}),
    "reset_requests": Kept("whoever forgot a password", "seconds", _of("""
        request_id: the request
        email: what was typed, whether anybody has it or not
    """), {"email": "staff"}),
    "mails": Kept("made here", "30 days after it was sent", _of("""
        mail_id: the mail
        kind: what kind of mail
        recipient: to whom
        about: the invitation or reset whose link is in it
        sealed: what its words are made of, locked; gone when it is sent
        attempts, next_at, error: how often it was tried, when next, and why it was not sent
        finished_at: when it was sent or given up
    """), {"recipient": "staff"}),
    "provider_links": Kept("signing in by the OpenID provider", "until unlinked at /admin", _of("""
        user_id: whose it is
        identity: the person's issuer and subject there, as a hash; empty for who wants no such sign-in
        linked_at: since when
        last_used_at: finds what nobody needs
    """), {"user_id": "staff", "identity": "staff"}),
    "api_tokens": Kept("an owner, or a command", "until the tenant is removed", _of("""
        token_id: the token
        last_used_at: finds tokens nobody needs
        scopes: what it may do
    """)),
    "signing_keys": Kept("an owner, or a command", "until the tenant is removed", _of("""
        key_id: the key
        secret: the secret that both sides share, locked
        last_used_at: finds keys nobody needs
        scopes: what it may do
    """)),
    "signed_requests": Kept("services that sign", "six minutes", _of("""
        key_id: whose request it was
        nonce_hash: the word it used up
    """)),
    "visitor_salts": Kept("made here", "48 hours after the day", _of("sealed: the salt, locked")),
}  # fmt: skip
