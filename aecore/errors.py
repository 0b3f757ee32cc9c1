"""The one exception that a person is meant to read, and the operating system's errors in the same form."""

from __future__ import annotations

import errno
import os

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
}


class AecoreError(Exception):
    """What went wrong, why, and what to do about it, in one sentence.

    The command line prints the message and exits; the app shows it on the page.
    Everything else that is raised is a defect and keeps its traceback.
    """


def system_error(error: OSError | MemoryError) -> AecoreError:
    """An error of the operating system as a sentence: which file, why, what to do."""
    if isinstance(error, MemoryError):
        return AecoreError("There is not enough memory for that; choose a smaller model, batch or dataset.")
    reason = error.strerror or str(error) or type(error).__name__
    place = _shown(error.filename2 or error.filename)
    remedy = _REMEDIES.get(error.errno or 0, "mend that and try again")
    return AecoreError(f"{place}: {reason}; {remedy}." if place else f"{reason}; {remedy}.")


def _shown(name: object) -> str:
    """A file's name as text, shortened where the system refused its length."""
    if name is None or isinstance(name, int):
        return ""
    text = os.fsdecode(name) if isinstance(name, str | bytes | os.PathLike) else str(name)
    return text if len(text) <= 200 else f"{text[:120]}…{text[-40:]}"
