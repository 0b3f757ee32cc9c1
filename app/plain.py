"""Text that is not ours, such as names from files and addresses, made safe for Streamlit's Markdown: shown as it is.

A backslash stops what Markdown reads while it parses. Emoji shortcodes, icons, arrows and bare addresses are looked
for in the parsed text afterwards, where no backslash is left: an empty directive in their midst parts them.
"""

from __future__ import annotations

import re

_APART = ":gray[]"  # shows nothing
_JOINERS = "\u200c\u200d"  # of Persian words and of emoji: neither is printable alone
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_ACTIVE = re.compile(
    r"""
    (?P<parted>                           # what is looked for afterwards: parted behind each of its letters
        : (?= [\w+/-]+ : )                # :smile:, :material/home:
      | : (?= // )                        # https://
      | (?i:www) (?= \. )
      | @ (?= -* \w )                     # an e-mail address
      | (?<! \S ) (?: <-> | -> | <- | -- | >= | <= | ~= ) (?! \S )
    )
    | [\\`*<~$]
    | \[ (?! [\d., ]* \] (?! [\[(:] ) )   # but for numbers: [0, 1]
    | (?<! [\d., ] ) \] | \] (?= [\[(:] )
    | (?<! [^\W_] ) _ | _ (?! [^\W_] )    # inside a word it is a letter
    | & (?= [#\w] )
    | : (?= \S )                         # :red[text]
    | ^ (?: [\#>+=-] | \d+ [.)] )
    """,
    re.VERBOSE | re.ASCII,
)
_OURS = re.compile(r"((?<!`)`(?:aecore|pip|python|ulimit) [^`]*`(?!`))")


def plain(text: str) -> str:
    """Markdown that shows `text` as it is, in one line: line breaks and control characters become blanks."""
    return _ACTIVE.sub(_escaped, _line(text))


def said(sentence: object) -> str:
    """Markdown that shows a sentence of the library as it is, the commands in it as code, which nothing acts in."""
    parts = _OURS.split(_line(str(sentence)))
    return "".join(part if _OURS.fullmatch(part) else _ACTIVE.sub(_escaped, part) for part in parts)


def _line(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in text).strip()


def _escaped(found: re.Match[str]) -> str:
    letters = (_PUNCTUATION.sub(r"\\\g<0>", letter) for letter in found[0])
    if not found["parted"]:
        return "".join(letters)
    return "".join(f"{letter}{_APART}" for letter in letters)
