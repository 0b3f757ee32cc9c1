"""A server as it is started, wherever that is: for this machine alone, and without a request to anyone."""

import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Streamlit's own command in a process that tells of every address that is listened on, looked up or called.
START = """
import socket, sys
def telling(word, act):
    def told(*arguments, **rest):
        print("told", word, arguments[-1] if word != "looks up" else arguments[0], flush=True)
        return act(*arguments, **rest)
    return told
for word, name in (("binds", "bind"), ("calls", "connect"), ("calls", "connect_ex")):
    setattr(socket.socket, name, telling(word, getattr(socket.socket, name)))
socket.getaddrinfo = telling("looks up", socket.getaddrinfo)
from streamlit.web.cli import main
sys.argv = ["streamlit", "run", *sys.argv[1:]]
main()
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def started(home, *options):
    """A server that is started in a folder that is not the project's: its port, and every line that it prints."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-c", START, str(ROOT / "app" / "main.py"), "--server.port", str(port), *options],
        cwd=home, env={**os.environ, "AECORE_HOME": str(home)}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    lines = []
    try:
        for line in server.stdout:
            lines.append(line.strip())
            if "URL: " in line:
                break
        urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=30).close()
    finally:
        server.terminate()
        lines += server.communicate(timeout=30)[0].splitlines()
    return port, lines


def test_it_listens_on_this_machine_alone_and_asks_nobody(tmp_path):
    port, lines = started(tmp_path)
    told = [line.removeprefix("told ") for line in lines if line.startswith("told ")]
    assert [line for line in told if line.startswith("binds") and str(port) in line] == [f"binds ('localhost', {port})"]
    assert [line for line in told if not line.startswith("binds")] == []
    assert any(line.endswith(f"URL: http://localhost:{port}") for line in lines)


def test_the_documented_switch_opens_it_and_still_asks_nobody(tmp_path):
    port, lines = started(tmp_path, "--server.address", "0.0.0.0", "--browser.serverAddress", "explorer.example")
    told = [line.removeprefix("told ") for line in lines if line.startswith("told ")]
    assert f"binds ('0.0.0.0', {port})" in told
    assert [line for line in told if not line.startswith("binds")] == []
    assert any(line.endswith(f"URL: http://explorer.example:{port}") for line in lines)
