"""Joins a component's JavaScript modules into the one string that Streamlit takes."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r'^import\s[^;]*?from\s+"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def join(entry: Path) -> str:
    """The module `entry` after all that it imports, once each, without `import` lines and `export` keywords.

    Top-level names share one scope, so they must differ between the modules.
    """
    seen: set[Path] = set()
    return "\n".join(_modules(entry.resolve(), seen))


def _modules(path: Path, seen: set[Path]) -> list[str]:
    if path in seen:
        return []
    seen.add(path)
    text = path.read_text("utf-8")
    before = [part for name in _IMPORT.findall(text) for part in _modules((path.parent / name).resolve(), seen)]
    return [*before, _EXPORT.sub("", _IMPORT.sub("", text))]
