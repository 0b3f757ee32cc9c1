"""What the README tells a newcomer to type works."""

import re
from pathlib import Path

from aecore import MODELS, certificate

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_library_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line]) <= 5
    exec(compile(example, "README.md", "exec"), {})
    assert "sse" in capsys.readouterr().out.lower()


def test_the_certificate_is_the_one_of_the_shipped_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("AECORE_HOME", str(tmp_path))
    told = "run `AECORE_HOME=/nowhere aecore certificate --into README.md`"
    assert certificate.inserted(README, certificate.lines()) == README, told


def test_it_lists_every_family():
    for family in MODELS:
        assert f"| `{family}` |" in README


def test_two_commands_do_everything():
    commands = re.findall(r"^pip install -c constraints\.txt -e .*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert commands[0].endswith("&& streamlit run app/main.py")
    assert commands[1].endswith("&& pytest")
