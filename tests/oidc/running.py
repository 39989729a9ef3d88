"""A real OpenID provider in a process of its own, the whole application on a real port, and a browser without
a screen that goes between them by HTTP alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from flask import Flask
from werkzeug.serving import make_server

from app import CLOSE, create_app
from config import Settings

HERE = Path(__file__).parent
SECRET = "a secret: 100% + more/of it, and longer"
GET_IT = "the OpenID provider is not installed: Node.js, and npm ci --prefix tests/oidc"
MOST_STEPS = 20


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Provider:
    """The provider; `answers` is where it was told to send people back to."""

    port: int
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, site: str, **environment: str) -> None:
        node = shutil.which("node")
        if node is None or not (HERE / "node_modules" / "oidc-provider").exists():
            if os.environ.get("CI") == "true":
                pytest.fail(GET_IT)
            pytest.skip(GET_IT)
        self.process = subprocess.Popen(
            [node, "provider.mjs", str(self.port), f"{site}/login/oidc/back", f"{site}/login"],
            cwd=HERE,
            env=os.environ | {"NODE_NO_WARNINGS": "1"} | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = ""
        while said != "ready\n":
            said = self.process.stdout.readline()
            assert said, "the provider has ended"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate()
            self.process = None

    def call(self, subject: str, email: str) -> str:
        """The subject, who has this address there from now on."""
        asked = {"subject": subject, "email": email}
        assert httpx.post(f"{self.issuer}/test/email", params=asked).status_code == 200
        return subject

    def rotate(self) -> None:
        """Other keys from now on."""
        assert httpx.post(f"{self.issuer}/test/rotate").status_code == 200


@dataclass
class Site:
    """The application at its public address."""

    url: str
    server: Flask


@contextmanager
def site_of(settings: Settings, port: int) -> Iterator[Site]:
    """The application on this port, over real HTTP."""
    server = create_app(settings).server
    listener = make_server("127.0.0.1", port, server, threaded=True)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{port}", server)
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
        server.extensions[CLOSE]()


@dataclass
class Browser:
    """Goes where it is sent, and fills in the provider's own pages as `typed`."""

    site: str
    provider: str
    typed: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    visited: list[str] = field(default_factory=list)

    def open(self, path: str) -> httpx.Response:
        """Where `path` of the application ends, by way of the provider or not."""
        return self.follow(self.client.get(urljoin(self.site, path)))

    def follow(self, answer: httpx.Response) -> httpx.Response:
        for _ in range(MOST_STEPS):
            self.visited.append(str(answer.url))
            if answer.is_redirect:
                answer = self.client.get(urljoin(str(answer.url), answer.headers["Location"]))
            elif str(answer.url).startswith(self.provider) and "<form" in answer.text:
                answer = self._fill_in(answer)
            else:
                return answer
        raise AssertionError(self.visited)

    def stop_before(self, answer: httpx.Response, path: str) -> str:
        """The address below `path` to which the browser is about to be sent."""
        for _ in range(MOST_STEPS):
            if answer.is_redirect:
                following = urljoin(str(answer.url), answer.headers["Location"])
                if urlsplit(following).path == path:
                    return following
                answer = self.client.get(following)
            else:
                answer = self._fill_in(answer)
        raise AssertionError(answer.url)

    def to_the_answer(self, path: str = "/login/oidc") -> str:
        """Sign in at the provider, and hold the answer back with which it sends the browser here."""
        return self.stop_before(self.client.get(urljoin(self.site, path)), "/login/oidc/back")

    def sent_out(self) -> str:
        """Where the application sends the browser to."""
        return self.client.get(f"{self.site}/login/oidc").headers["Location"]

    def post(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        """Send a form of this page of the application."""
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert csrf
        headers = {"Origin": self.site}
        return self.client.post(urljoin(self.site, path), data={"csrf": csrf[1], **fields}, headers=headers)

    def signed_in(self) -> bool:
        return self.client.get(f"{self.site}/account").status_code == 200

    def _fill_in(self, page: httpx.Response) -> httpx.Response:
        action = re.search(r'<form[^>]* action="([^"]+)"', page.text)
        assert action, page.text
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        if 'name="login"' in page.text:
            fields |= {"login": self.typed, "password": "whatever"}
        return self.client.post(urljoin(str(page.url), unescape(action[1])), data=fields)


def asked(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
