"""What docs/deploy.md says of proxies is so."""

from __future__ import annotations

import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

DOC = (Path(__file__).parents[2] / "docs" / "deploy.md").read_text("utf-8")
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade"}


def handshake(address: str, headers: dict[str, str]) -> str:
    """The server's first line to a page of `https://explorer.example:8443` that opens its stream."""
    place = urlsplit(address)
    always = {
        "Origin": "https://explorer.example:8443",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    }
    lines = ["GET /_stcore/stream HTTP/1.1", *(f"{name}: {value}" for name, value in (always | headers).items())]
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(1000).decode().splitlines()[0]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "explorer.example:8443", **UPGRADE}, "101"),
        ({"Host": "explorer.example", **UPGRADE}, "403"),
        ({"Host": "127.0.0.1:8501", **UPGRADE}, "403"),
        ({"Host": "explorer.example:8443"}, "200"),
    ],
)
def test_the_stream_needs_the_headers_that_are_named(app: str, headers: dict[str, str], status: str) -> None:
    assert handshake(app, headers).split()[1] == status
    for name in ("Upgrade", "Connection", "Host"):
        assert f"proxy_set_header {name} " in DOC


def test_the_path_that_tells_whether_it_is_alive(app: str) -> None:
    with urllib.request.urlopen(f"{app}/_stcore/health") as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{app}/nowhere") as answer:
        assert answer.status == 200 and b"<html" in answer.read()
