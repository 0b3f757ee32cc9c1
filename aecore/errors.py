"""The one exception that a person is meant to read."""


class AecoreError(Exception):
    """What went wrong, why, and what to do about it, in one sentence.

    The command line prints the message and exits; the app shows it on the page.
    Everything else that is raised is a defect and keeps its traceback.
    """
