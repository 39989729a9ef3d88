"""No secret lies in the tree, and no dangerous call gets past the linter: what is planted is found.

Ruff's S rules are bandit's. Of bandit's checks they lack three: characters that turn the direction of
text, which ruff has as PLE2502, and two about machine-learning libraries that we do not use.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SECRETS = {
    "private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
    "API token of ours": r"\bhc_[A-Za-z0-9_-]{64}(?![A-Za-z0-9_-])",
    "cloud key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "code host token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,}|glpat-[\w-]{20})",
    "chat token": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "payment key": r"\b[rs]k_live_[A-Za-z0-9]{20,}",
    "signed token": r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}",
    "password in a URL": r"\b[a-z][a-z0-9+]{2,12}://[^\s:/@\"'{}<>]{1,60}:(?P<value>[^\s/@\"'{}<>]{6,80})@\w",
    "value of a secret": r"(?i)\b(?:api_?key|secret(?:_key)?|passw(?:or)?d|token)[\"']?\s*[:=]\s*[\"']"
    r"(?P<value>(?=[^\"']*[0-9])(?=[^\"']*[A-Z])(?=[^\"']*[a-z])[A-Za-z0-9+/_=-]{24,})[\"']",
}
HARMLESS = {
    "s3cret": "what tests plant in URLs and logs, to see that nobody is told",
    "secret": "the same, in an address that is refused",
    "sekr3t-token-of-the-local-pretix": "of a server that a test starts",
}
"""A found text → why it is no secret."""
NOT_TEXT = {".woff2", ".png", ".ico", ".gz", ".xlsx", ".pdf"}
SKIPPED = {"uv.lock", "package-lock.json"}
"""Lists of hashes."""


def found_in(text: str) -> list[str]:
    """The kinds of secrets in a text, each with its line."""
    return [
        f"{text.count(chr(10), 0, match.start()) + 1}: {kind}"
        for kind, pattern in SECRETS.items()
        for match in re.finditer(pattern, text)
        if (match.groupdict().get("value") or match[0]) not in HARMLESS
    ]


def tracked() -> Iterator[Path]:
    """Every text file that git keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        path = ROOT / name
        if path.suffix not in NOT_TEXT and path.name not in SKIPPED and path.is_file():
            yield path


def test_no_secret_lies_in_the_tree() -> None:
    looked_at = list(tracked())
    assert len(looked_at) > 300
    assert {
        str(path.relative_to(ROOT)): found
        for path in looked_at
        if (found := found_in(path.read_text(errors="replace")))
    } == {}


def test_what_is_excused_is_there() -> None:
    texts = "\n".join(path.read_text(errors="replace") for path in tracked() if path != Path(__file__))
    assert [value for value in HARMLESS if value not in texts] == []


# Put together here, so that this file holds none.
PLANTED = {
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "API token of ours": "hc_" + "aB3-" * 16,
    "cloud key": "AKIA" + "ABCDEFGH12345678",
    "code host token": "ghp_" + "a1B2c3" * 6,
    "chat token": "xoxb-" + "1234567890-abcdefghij",
    "payment key": "sk_live_" + "a1B2c3d4" * 3,
    "signed token": ".".join(["eyJ" + "hbGciOiJIUzI1NiJ9", "eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0", "c2ln" * 8]),
    "password in a URL": "postgresql://app:" + "hunter22@db.example.org/x",
    "value of a secret": 'SECRET_KEY = "' + "Zx81" * 8 + '"',
}


@pytest.mark.parametrize("kind", SECRETS)
def test_a_planted_secret_is_found(kind: str) -> None:
    assert found_in(f"first line\n{PLANTED[kind]}\n") == [f"2: {kind}"]


DANGEROUS = {
    "S102": "exec(input())\n",
    "S301": "import pickle\n\npickle.loads(b'')\n",
    "S307": "eval(input())\n",
    "S324": "import hashlib\n\nhashlib.md5(b'')\n",
    "S501": "import httpx\n\nhttpx.get('https://example.org', verify=False)\n",
    "S506": "import yaml\n\nyaml.load('')\n",
    "S602": "import subprocess\n\nsubprocess.run(input(), shell=True)\n",
    "PLE2502": "name = 'a\u202eb'\n",
}


def test_a_planted_danger_is_found() -> None:
    for code, source in DANGEROUS.items():
        command = [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--output-format=concise",
            "--stdin-filename=data/x.py",
            "-",
        ]
        told = subprocess.run(command, cwd=ROOT, input=source, capture_output=True, text=True, check=False)
        assert f" {code} " in told.stdout, (code, told.stdout, told.stderr)
