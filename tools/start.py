"""The one gate through which tools start: `started(main)`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from tools import origin
from tools.refusal import Refused

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Ended(KeyboardInterrupt):
    """The process was told to end: by Ctrl-C, by SIGTERM, or since its terminal was closed."""


def _end(number: int, frame: object) -> None:
    for name in SIGNALS:  # once is enough: a second one must not stop the clearing up
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    raise Ended(signal.Signals(number).name)


def started(main: Callable[[], int]) -> int:
    """Run a tool's `main` and return its exit status, with one line for what is no bug.

    It runs only with the package of its own clone. Letters that the terminal cannot show are
    replaced; a signal to end unwinds as an exception; a refusal and whatever the system refuses (a
    full disk, a folder that cannot be written) is said in one line.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    for name in SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as nohup asks
            signal.signal(number, _end)
    try:
        origin.require_own_package()
        return main()
    except Refused as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        name = str(error) or "SIGINT"
        print(f"\nended by {name}; what was finished stays finished", file=sys.stderr)
        return 128 + getattr(signal, name, signal.SIGINT)
    except OSError as error:
        print(
            f"{error.filename or type(error).__name__}: {error.strerror or error}", file=sys.stderr
        )
        return 2
