"""The browser of the page tests: a page is handed over when nothing on it is on its way."""

import pytest

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


@pytest.mark.parametrize("seconds", [0.4, 1.2])
def test_a_page_is_handed_over_with_its_colors_at_rest(chromium, tmp_path, seconds):
    path = tmp_path / "fade.html"
    path.write_text(FADE.format(seconds=seconds), "utf-8")
    page = chromium.open(path.as_uri())
    assert page.run(COLOR) == "rgb(0, 0, 0)"
    page.send("Page.close")
