#!/usr/bin/env bash
# streamlit 1.67.0: a server that listens on localhost alone, and is told its own address, still asks the internet for the
# machine's outer address when a page of another origin opens its stream.
#
# Guess: with server.address and browser.serverAddress set there is nothing to look up, and a foreign Origin is refused
# with 403 from what the server knows.
# Seen: the start asks nobody, nor does a WebSocket of the server's own origin. The first WebSocket with a foreign Origin
# is refused with 403, and before that the server connects a UDP socket to 8.8.8.8 (which sends nothing) to learn its
# inner address and looks up checkip.amazonaws.com to ask for the outer one.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q streamlit==1.67.0 websockets==17.4

echo 'import streamlit as st; st.write("hello")' > "$work/page.py"
# Notes every name that the server looks up and every address that it connects to, other than this machine's.
mkdir "$work/watch"
cat > "$work/watch/sitecustomize.py" <<'PYTHON'
import os
import socket

HOME = ("localhost", "127.0.0.1", "::1", "0.0.0.0", "", None)
look_up = socket.getaddrinfo


def note(name):
    with open(os.environ["ASKED"], "a") as file:
        print(name, file=file)


def watched(host, *words, **named):
    if host not in HOME:
        note(host)
        raise socket.gaierror("no network in this experiment")
    return look_up(host, *words, **named)


socket.getaddrinfo = watched
connect = socket.socket.connect


def connecting(self, address):
    if isinstance(address, tuple) and address[0] not in HOME:
        note(address[0])
        raise OSError("no network in this experiment")
    return connect(self, address)


socket.socket.connect = connecting
PYTHON

export ASKED="$work/asked"
: > "$ASKED"
port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
PYTHONPATH="$work/watch" "$work/venv/bin/streamlit" run "$work/page.py" --server.headless=true --server.address=localhost \
    --browser.serverAddress=localhost --browser.gatherUsageStats=false --server.port="$port" > "$work/log" 2>&1 &
server=$!

"$work/venv/bin/python" - "$port" "$ASKED" <<'PYTHON'
import sys
import time
import urllib.request
from pathlib import Path

from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

port, asked = int(sys.argv[1]), Path(sys.argv[2])
for _ in range(600):
    try:
        urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1)
        break
    except OSError:
        time.sleep(0.1)


def status(origin):
    """What a WebSocket of that origin is answered with."""
    try:
        with connect(f"ws://localhost:{port}/_stcore/stream", origin=origin, subprotocols=["streamlit"]):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def names():
    return sorted(set(asked.read_text().split()))


seen = [("start", names())]
seen.append((f"own origin: {status(f'http://localhost:{port}')}", names()))
seen.append((f"foreign origin: {status('http://example.org')}", names()))
print(*seen, sep="\n")
expected = [("start", []), ("own origin: 101", []), ("foreign origin: 403", ["8.8.8.8", "checkip.amazonaws.com"])]
sys.exit(0 if seen == expected else "this has changed")
PYTHON
