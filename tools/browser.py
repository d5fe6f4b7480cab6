"""A page as a reader's browser shows it: headless Chromium over its DevTools pipe, no network.

The pipe (`--remote-debugging-pipe`) carries JSON messages, each ended by a zero byte, on the
file descriptors 3 and 4 of the browser, so that no port and no further package is needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    # The network is off: no name of another host resolves, nor any address but this machine's own.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
UNBOXED = "--no-sandbox"
"""Needed for root alone, whom Chromium refuses to run in its sandbox, and for nobody else."""
ENDED = (
    "the browser ended: it did not start, or was stopped (for other users than root it needs the "
    "system's leave for its sandbox, user namespaces)"
)
# Colors that fade in are on their way for a moment after the load; what never ends is not awaited.
FADING = (
    "document.getAnimations().some(one => one.playState === 'running' "
    "&& one.effect.getComputedTiming().endTime < Infinity)"
)
# Puts the two pipe ends where Chromium looks for them, then becomes Chromium.
LAUNCH = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"  # noqa: E501


def flags() -> tuple[str, ...]:
    """Return what Chromium is started with by this user."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return (*FLAGS, UNBOXED) if root else FLAGS


def executable() -> str | None:
    """Return the path of an installed Chromium, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """What one page load did: its requests, its errors, and a way to ask it more."""

    def __init__(self, browser: Browser, session: str) -> None:
        self.browser, self.session = browser, session
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.loaded = False

    def hear(self, method: str, event: dict) -> None:
        """Take note of an event of this page."""
        if method == "Network.requestWillBeSent":
            self.requests.append(event["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = event["exceptionDetails"]
            self.errors.append(details.get("exception", details).get("description", str(details)))
        elif method == "Log.entryAdded" and event["entry"]["level"] == "error":
            self.errors.append(f"{event['entry']['text']} {event['entry'].get('url', '')}")
        elif method == "Page.loadEventFired":
            self.loaded = True

    def send(self, method: str, **parameters: object) -> dict:
        """Send a command to this page and return its result."""
        return self.browser.send(method, parameters, self.session)

    def run(self, javascript: str) -> object:
        """Return the value of a JavaScript expression in the page; promises are awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=javascript, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{javascript}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, javascript: str) -> None:
        """Wait until a JavaScript expression is true in the page."""
        deadline = time.monotonic() + self.browser.timeout
        while not self.run(javascript):
            if time.monotonic() > deadline:
                raise TimeoutError(javascript)
            time.sleep(0.05)


class Browser:
    """A headless Chromium; a context manager."""

    def __init__(self, path: str, profile: Path, *, timeout: float = 60) -> None:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # High numbers, so that putting them on 3 and 4 does not overwrite one with the other.
        passed = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]
        command = [sys.executable, "-c", LAUNCH, *map(str, passed), path, *flags()]
        self.process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (theirs_in, theirs_out, *passed):
            os.close(end)
        self.read_end, self.write_end = ours_in, ours_out
        self.timeout = timeout
        self.buffer = b""
        self.count = 0
        self.answers: dict[int, dict] = {}
        self.pages: dict[str, Page] = {}

    def __enter__(self) -> Browser:
        """Return the running browser."""
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(30)
        os.close(self.read_end)
        os.close(self.write_end)

    def receive(self, deadline: float) -> None:
        """Take in one batch of messages."""
        ready, _, _ = select.select([self.read_end], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError("the browser did not answer")
        part = os.read(self.read_end, 1 << 20)
        if not part:
            raise ConnectionError(ENDED)
        *messages, self.buffer = (self.buffer + part).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].hear(message["method"], message["params"])

    def send(self, method: str, parameters: dict, session: str | None = None) -> dict:
        """Send a DevTools command and return its result."""
        self.count += 1
        number = self.count
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while number not in self.answers:
            self.receive(deadline)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(
        self, url: str, *, width: int = 1280, height: int = 900, scheme: str = "light"
    ) -> Page:
        """Open a page, wait until it is loaded, its formulas set and its colors at rest."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        attach = {"targetId": target, "flatten": True}
        session = self.send("Target.attachToTarget", attach)["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.send(f"{domain}.enable")
        page.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        preference = {"name": "prefers-color-scheme", "value": scheme}
        page.send("Emulation.setEmulatedMedia", features=[preference])
        page.send("Page.navigate", url=url)
        deadline = time.monotonic() + self.timeout
        while not page.loaded:
            self.receive(deadline)
        page.run("window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => 0) : 0")
        page.wait(f"!({FADING})")
        return page
