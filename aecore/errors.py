"""The one exception that a person is meant to read, and the operating system's errors in the same form."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

_REMEDIES = {
    errno.ENOSPC: "free some space and try again",
    errno.EDQUOT: "free some space and try again",
    errno.EROFS: "name a folder that can be written to",
    errno.EACCES: "change its permissions, or name another place",
    errno.EPERM: "change its permissions, or name another place",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOTDIR: "a file stands where a folder should be: move it, or name another place",
    errno.EEXIST: "something of that name is there already: move it, or name another place",
    errno.EISDIR: "a folder stands where a file should be: move it, or name another place",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`) and try again",
    errno.ENFILE: "raise the limit of open files (`ulimit -n`) and try again",
    errno.ENOENT: "it may have been moved or deleted meanwhile; look for it and try again",
    errno.EPIPE: "start it again with a reader that stays",
    errno.EFBIG: "raise the limit of a file's size (`ulimit -f`) and try again",
    errno.EAGAIN: "wait until the machine has less to do, and try again",
    errno.ENOMEM: "free some memory and try again",
}
# In a RuntimeError of torch.
_NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "not enough memory", "out of memory", "bad_alloc")
_NO_HOME = "Could not determine home directory"  # pathlib, of a ~ that stands for nobody


class AecoreError(Exception):
    """What went wrong, why, and what to do about it, in one sentence.

    The command line prints the message and exits; the app shows it on the page.
    Everything else that is raised is a defect and keeps its traceback.
    """


@contextmanager
def system_errors() -> Iterator[None]:
    """Turn what the operating system refuses in the block into an `AecoreError`; torch's want of memory as well.

    A pipe whose reader has left stays a `BrokenPipeError`: that is no fault.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, MemoryError, RuntimeError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise sentence from error


def _sentence(error: OSError | MemoryError | RuntimeError) -> AecoreError | None:
    """The error as a person reads it; None for a defect."""
    if isinstance(error, OSError | MemoryError):
        return system_error(error)
    if any(words in str(error).lower() for words in _NO_MEMORY):
        return system_error(MemoryError())
    if _NO_HOME in str(error):
        return AecoreError("A folder's name begins with '~' and names nobody's home; write the folder out.")
    return None


def system_error(error: OSError | MemoryError) -> AecoreError:
    """An error of the operating system as a sentence: which file, why, what to do."""
    if isinstance(error, MemoryError):
        return AecoreError("There is not enough memory for that; choose a smaller model, batch or dataset.")
    reason = error.strerror or str(error) or type(error).__name__
    place = _shown(error.filename2 or error.filename)
    remedy = _REMEDIES.get(error.errno or 0, "mend that and try again")
    return AecoreError(f"{place}: {reason}; {remedy}." if place else f"{reason}; {remedy}.")


def interrupted(error: BaseException | None) -> bool:
    """Whether an error is Ctrl-C, or was raised while that was dealt with: a library's clean-up may fail then."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def one_line(text: str, most: int = 1000) -> str:
    """A sentence as one line of a terminal: what cannot be printed is spelled out, and a long middle is left out."""
    spelled = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return spelled if len(spelled) <= most else f"{spelled[: most // 2]} … {spelled[-most // 2 :]}"


def _shown(name: object) -> str:
    """A file's name as text, shortened where the system refused its length."""
    if name is None or isinstance(name, int):
        return ""
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)
    return text if len(text) <= 200 else f"{text[:120]}…{text[-40:]}"
