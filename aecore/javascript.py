"""Plain JavaScript modules, joined into one text without a build step."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import\s[^;]*?from\s+"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*(//.*\n)?", re.MULTILINE)  # a line of its own, or the indentation of any other line


def join(entry: Path) -> str:
    """The module `entry` behind every module that it imports, each once, as one module.

    Modules are written for this: imports are by name and relative, no name stands for two things, and
    only the entry has a default export. Comments and indentation are left out: the page fetches what is left.
    """
    joined: dict[Path, str] = {}

    def add(path: Path) -> None:
        path = path.resolve()
        if path in joined:
            return
        source = path.read_text("utf-8")
        for imported in _IMPORT.findall(source):
            add(path.parent / imported)
        joined[path] = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", source)))

    add(entry)
    return "\n".join(joined.values())
