"""The browser of the page tests: a page is handed over when nothing on it is on its way."""

import os

import pytest

from tools import browser, pdf

FADE = """<!doctype html><title>t</title>
<style>p {{ color: rgb(255, 255, 255); transition: color {seconds}s linear; }}
.dark p {{ color: rgb(0, 0, 0); }}
@keyframes turn {{ to {{ transform: rotate(1turn); }} }}
b {{ display: inline-block; animation: turn 1s linear infinite; }}</style>
<p>text</p><b>wheel</b>
<script>addEventListener('load', () => {{
  getComputedStyle(document.querySelector('p')).color;
  document.documentElement.className = 'dark';
}})</script>"""
COLOR = "getComputedStyle(document.querySelector('p')).color"


@pytest.mark.parametrize(("user", "unboxed"), [(0, True), (1000, False)])
def test_only_root_goes_without_the_sandbox(monkeypatch, user, unboxed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert ("--no-sandbox" in browser.flags()) == unboxed
    assert set(browser.FLAGS) <= set(browser.flags())
    started = []

    class Process:
        def __init__(self, command, **_):
            started.extend(command)

    monkeypatch.setattr(browser.subprocess, "Popen", Process)
    made = browser.Browser("/chromium", "/profile")
    os.close(made.read_end)
    os.close(made.write_end)
    assert "/chromium" in started and ("--no-sandbox" in started) == unboxed


def test_a_browser_that_does_not_start_is_named(tmp_path, monkeypatch, capsys):
    with (
        browser.Browser("/bin/false", tmp_path, timeout=20) as running,
        pytest.raises(OSError, match=r"the browser ended|Broken pipe"),
    ):
        running.send("Target.getTargets", {})

    def ended(*_):
        raise ConnectionError(browser.ENDED)

    (tmp_path / "_build" / "quick" / "html").mkdir(parents=True)
    (tmp_path / "_build" / "quick" / "html" / "index.html").write_text("")
    monkeypatch.setattr(pdf.chapters, "ROOT", tmp_path)
    monkeypatch.setattr(pdf, "make", ended)
    assert pdf.main(["quick"]) == 1
    assert "the browser ended" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [0.4, 1.2])
def test_a_page_is_handed_over_with_its_colors_at_rest(chromium, tmp_path, seconds):
    path = tmp_path / "fade.html"
    path.write_text(FADE.format(seconds=seconds), "utf-8")
    page = chromium.open(path.as_uri())
    assert page.run(COLOR) == "rgb(0, 0, 0)"
    page.send("Page.close")
