"""The interactive figures: the scripts' numbers against the package's, hands on the page."""

import json
import math
import re
import sys
import time

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex

import kktnotes as kn
from kktnotes.data.assumption import terms
from kktnotes.figures import interactive as figures
from kktnotes.figures import style
from kktnotes.figures.export import carrying
from kktnotes.figures.interactive.bundle import LARGEST, rounded
from tools import chapters

sys.path.append(str(chapters.ROOT / "book" / "_ext"))
import interactive as extension

TRAIN = kn.Clusters.orthogonal(4, 1203, kn.inverse_root(1203)).sample(24, seed=0)
SLIDER = ".kkt[data-kind={kind}] input[type=range]"


@pytest.fixture(scope="module")
def flow():
    """A short flow that met L < 1/n."""
    return kn.gradient_flow(TRAIN, width=8, seed=0, max_log_time=400.0)


@pytest.fixture(scope="module")
def limit(flow):
    """The network of its exact point."""
    return kn.kkt_point(flow).network


@pytest.fixture(scope="module")
def pair(limit):
    """The two networks that are compared."""
    return {"flow": limit, "robust": kn.TwoLayerReLU.robust(TRAIN)}


@pytest.fixture(scope="module")
def fresh():
    """New points of all clusters."""
    return TRAIN.fresh(40, seed=1)


@pytest.fixture(scope="module")
def made(flow, limit, pair, fresh):
    """One figure of each kind."""
    points = [int(torch.nonzero(fresh.y == label)[0]) for label in (1, -1)]
    found = [
        figures.assumption_map(kn.Clusters.orthogonal(4, 10**7, 1.0)),
        figures.directions({"this run": flow, "the same again": flow}, limit),
        figures.margins(pair, fresh),
        figures.plane(pair, fresh, points),
    ]
    return {one.kind: one for one in found}


@pytest.fixture(scope="module")
def address(made, tmp_path_factory):
    """A page as the extension would write it, opened from the disk."""
    body, scripts = [], []
    for kind, figure in made.items():
        data, metadata = figure._repr_mimebundle_()
        image = f'<img alt="static" src="data:image/png;base64,{data["image/png"]}">'
        shown = f'<div class="cell_output"><figure>{image}</figure></div>'
        script = extension.script(metadata[figures.MIME]).astext()
        body.append(f'<div class="cell">{shown}{script}</div>')
        scripts += [*extension.PARTS.get(kind, ()), kind]
    names = ["core", *(name.replace("-", "_") for name in scripts)]
    head = "".join(f'<script defer src="{extension.FOLDER}/{name}.js"></script>' for name in names)
    head += f'<link rel="stylesheet" href="{extension.FOLDER}/interactive.css">'
    style_sheet = "<style>body { margin: 8px } img { max-width: 100% }</style>"
    path = tmp_path_factory.mktemp("page") / "page.html"
    viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    start = f'<!doctype html><html lang="en"><meta charset="utf-8">{viewport}<title>page</title>'
    path.write_text(f"{start}{style_sheet}{head}<body>{''.join(body)}</body></html>", "utf-8")
    return path.as_uri()


@pytest.fixture
def page(chromium, address):
    """The page, fresh; no error may have happened on it by the end of the test."""
    opened = chromium.open(address)
    yield opened
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
    opened.send("Page.close")


def words(page, kind):
    """Return what a figure says below or above its drawing."""
    return page.run(f"document.querySelector('.kkt[data-kind={kind}] .kkt-verdict').textContent")


def press(page, key, code=0):
    """Press and release a key where the focus is."""
    for kind in ("keyDown", "keyUp"):
        page.send("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code)


def pointer(page, *steps):
    """Send mouse events, each (type, x, y)."""
    for kind, x, y in steps:
        held = {"button": "left", "buttons": int(kind != "mouseReleased"), "clickCount": 1}
        page.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held)


def frame(page, selector):
    """Scroll to an element and return left, top, width and height of it on the screen."""
    found = f"document.querySelector({selector!r})"
    page.run(f"{found}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
    return page.run(f"(r => [r.x, r.y, r.width, r.height])({found}.getBoundingClientRect())")


# What a notebook and a page hold.


def test_a_figure_is_a_picture_with_its_data_in_the_metadata(made):
    for kind, figure in made.items():
        data, metadata = figure._repr_mimebundle_()
        assert set(data) == {"text/plain", "image/png"}, "what nbval compares is the text alone"
        assert data["text/plain"] == f"<Interactive figure: {kind}>"
        assert data["image/png"].startswith("iVBORw0KGgo")
        stored = metadata[figures.MIME]
        assert json.loads(json.dumps(stored, allow_nan=False)) == stored
        assert stored["label"]
        files = metadata[carrying.MIME]
        assert carrying.unpack(files["svg"]).startswith("<?xml")
        assert len(carrying.unpack(files["csv"]).splitlines()) > 3


def test_a_figure_with_too_much_data_is_refused(made):
    still = made["margins"].static
    with pytest.raises(ValueError, match="at most 150,000"):
        figures.Interactive("margins", "too much", {"numbers": [0.5] * LARGEST}, still)


def test_rounding_keeps_digits_and_drops_infinities():
    assert rounded([1234567.0, 0.000123456, -np.inf], 3) == [1230000, 0.000123, None]


def test_data_in_a_page_cannot_end_its_element():
    stored = {"kind": "margins", "label": 'a "b"', "data": {"name": "</script><b>"}}
    text = extension.script(stored).astext()
    assert text.count("</script>") == 1
    assert 'data-label="a &quot;b&quot;"' in text
    inside = text.split(">", 1)[1].removesuffix("</script>")
    assert json.loads(inside) == stored["data"]


def test_the_colours_are_those_of_all_figures():
    sheet = (extension.FOLDER / "interactive.css").read_text("utf-8")
    light = dict(re.findall(r"--kkt-(\w+): (#[0-9a-f]{6})", sheet.split('[data-theme="dark"]')[0]))
    for name, color in {
        "positive": style.POSITIVE,
        "negative": style.NEGATIVE,
        "flow": style.FLOW,
        "robust": style.ROBUST,
        "bound": style.BOUND,
        "extra": style.EXTRA[0],
    }.items():
        assert light[name] == to_hex(color)


def test_directions_refuse_a_limit_of_one_sign_and_a_flow_without_a_limit(flow, limit):
    positive = kn.TwoLayerReLU(limit.weights, limit.biases, limit.output.abs())
    with pytest.raises(ValueError, match="either sign"):
        figures.directions({"one": flow}, positive)
    short = kn.gradient_flow(TRAIN, width=8, seed=0, max_steps=2)
    with pytest.raises(ValueError, match="L < 1/n"):
        figures.directions({"short": short}, limit)


def test_directions_hold_the_cosines_with_both_limit_neurons(flow, limit, made):
    run = made["directions"].data["runs"][0]
    last = flow.network
    unit = limit.augmented / limit.augmented.norm(dim=1, keepdim=True)
    axes = torch.stack([unit[limit.output > 0][0], unit[limit.output < 0][0]])
    wide = torch.zeros(2, last.augmented.shape[1], dtype=torch.float64)
    wide[:, : TRAIN.p], wide[:, -1] = axes[:, : TRAIN.p], axes[:, -1]
    expected = last.augmented @ wide.T / last.augmented.norm(dim=1, keepdim=True)
    assert np.allclose(run["cosines"][-1], expected.numpy(), atol=1e-4)
    assert np.isclose(sum(run["shares"][-1]), 1, atol=5e-3)
    assert run["logTimes"][0] is None
    assert run["logLoss"][run["separated"]] < -math.log(24) <= run["logLoss"][run["separated"] - 1]


def test_plane_refuses_points_that_are_not_there_or_wrong(pair, fresh):
    with pytest.raises(ValueError, match="0 to 39"):
        figures.plane(pair, fresh, [40])
    turned = {
        "flow": kn.TwoLayerReLU(pair["flow"].weights, pair["flow"].biases, -pair["flow"].output)
    }
    with pytest.raises(ValueError, match="'flow' gives"):
        figures.plane(turned, fresh, [0])


def test_the_restricted_network_is_the_network_on_the_plane(pair, fresh):
    for network in pair.values():
        flat, here = figures.restricted(network, fresh, 0)
        u = kn.universal_direction(fresh)
        frame = torch.stack([fresh.means[int(fresh.cluster[0])], u])
        steps = torch.tensor([[0.3, 0.0], [0.0, -0.2], [-0.7, 0.5]], dtype=torch.float64)
        moved = fresh.x[0] + steps @ frame
        root = math.sqrt(fresh.d)
        own = frame[0] / frame[0].norm()
        rest = fresh.y[0] * (u - (u @ own) * own)
        places = torch.stack([moved @ own, moved @ rest / rest.norm()], 1) / root
        assert torch.allclose(flat(places), network(moved), rtol=1e-9)
        assert torch.allclose(flat(here[None]), network(fresh.x[:1]), rtol=1e-9)


# The scripts' numbers against the package's.


def test_the_assumption_is_the_packages(page):
    grid = [
        {"k": k, "d": d, "sigma": sigma, "c": share * d}
        for k in (2, 9, 10, 700)
        for d in (100, 3382, 10**7, 10**13)
        for sigma in (1e-4, 1 / math.sqrt(d), 0.1, 1.0, 1.5)
        for share in (0.0, 0.01)
    ]
    grid += [{"k": 10, "d": 3382, "sigma": kn.inverse_root(3382), "c": 0.0}]
    found = page.run(f"{json.dumps(grid)}.map(kktnotes.mathematics.assumption)")
    for at, theirs in zip(grid, found, strict=True):
        values = {name: at[name] for name in ("k", "d", "sigma")}
        ours = terms(**values, largest_inner_product=at["c"])
        for one in theirs:
            term = ours[one["name"]]
            assert (one["holds"], one["relation"]) == (term.holds, term.relation)
            assert one["slack"] == pytest.approx(term.slack, rel=1e-9, abs=1e-12)
            assert [one["left"], one["right"]] == pytest.approx([term.left, term.right], rel=1e-12)
    drawn = kn.Clusters.orthogonal(4, 10**7, 1.0).assumption()
    mine = page.run("kktnotes.mathematics.assumption({k: 4, d: 1e7, sigma: 1, c: 0})")
    assert [one["name"] for one in mine] == [name for name in drawn.names if name != "norm"]
    assert mine[2]["slack"] == pytest.approx(drawn["correlation"].slack)


def test_the_least_dimension_and_the_most_clusters_are_the_packages(page):
    ask = "kktnotes.mathematics.leastDimension({}, d => {}, d => {})".format
    assert page.run(ask(4, "1", "0")) == kn.least_dimension(4, 1.0)
    assert page.run(ask(10, "1 / Math.sqrt(d)", "0")) == kn.least_dimension(10, kn.inverse_root)
    tilted = kn.least_dimension(8, 0.1, lambda d: d / 100)
    assert page.run(ask(8, "0.1", "d / 100")) == tilted
    assert page.run(f"{ask(10, '0.1', 'd / 100')} === Infinity")
    for sigma in (0.1, 1e-6):
        most = page.run(f"Math.floor(kktnotes.mathematics.mostClusters(1e9, {sigma}, 0))")
        assert most == kn.most_clusters(10**9, sigma)


def test_margins_and_flips_along_u_are_the_packages(page, pair, fresh, made):
    data = made["margins"].data
    u = kn.universal_direction(fresh)
    assert data["length"] == pytest.approx(float(u.norm()) / math.sqrt(fresh.d), rel=1e-7)
    data_in_page = "JSON.parse(document.querySelector('script[data-kind=margins]').textContent)"
    labels = fresh.y.int().tolist()
    for number, network in enumerate(pair.values()):
        one = f"{data_in_page}.networks[{number}]"
        for eta in (0.0, 0.1, 0.24, 0.26, 0.6, 1.7):
            call = f"kktnotes.mathematics.margin(n, i, y, {eta})"
            values = page.run(f"(n => {labels}.map((y, i) => {call}))({one})")
            exact = network.margins(fresh.x - eta * fresh.y[:, None] * u, fresh.y)
            assert np.allclose(values, exact, atol=1e-4, rtol=1e-4)
        least = page.run(
            f"(n => {labels}.map((y, i) => kktnotes.mathematics.leastEta(n, i, y)))({one})"
        )
        exact = kn.least_eta(network, fresh, direction=u)
        assert np.allclose(least, exact, rtol=1e-4)


def test_least_eta_of_a_network_that_falls_beyond_its_last_kink_or_never(page):
    ask = "kktnotes.mathematics.leastEta({}, 0, 1)".format
    late = "{output: [1, -1], slopes: [0, -1], preactivations: [[100, -3]]}"
    network = kn.TwoLayerReLU([[0.0], [-1.0]], [100.0, -3.0], [1.0, -1.0])
    x, y = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    direction = torch.ones(1, dtype=torch.float64)
    exact = float(kn.least_eta(network, (x, y), direction=direction))
    assert page.run(ask(late)) == pytest.approx(exact) == pytest.approx(103)
    never = "{output: [1], slopes: [-1], preactivations: [[1]]}"
    assert page.run(f"{ask(never)} === Infinity")


def test_the_nearest_other_sign_in_the_plane_is_the_exact_radius_there(page, pair, fresh, made):
    square = "[[-8, -8], [8, -8], [8, 8], [-8, 8]]"
    data = "JSON.parse(document.querySelector('script[data-kind=plane]').textContent)"
    rng = np.random.default_rng(0)
    for which, plane in enumerate(made["plane"].data["planes"]):
        index = int(torch.nonzero(fresh.y == plane["label"])[0])
        for number, network in enumerate(pair.values()):
            flat, here = figures.restricted(network, fresh, index)
            random = torch.from_numpy(rng.uniform((-0.3, -1.1), (1.4, 0.6), (12, 2)))
            points = torch.cat([here[None], random])
            points = points[flat(points).abs() > 1e-6]
            call = "kktnotes.mathematics.nearestFlip(n, parts, p)"
            found = page.run(
                f"(n => {{ const m = kktnotes.mathematics;"
                f" const parts = m.signs(m.pieces(n, {square}), 1);"
                f" return {points.tolist()}.map((p) => {call}); }})"
                f"({data}.planes[{which}].networks[{number}])"
            )
            radii = kn.exact_radius(flat, points, progress=False)
            assert [one["sign"] for one in found] == radii.sign.tolist()
            distances = [one["distance"] for one in found]
            assert np.allclose(distances, radii.flip.upper, rtol=1e-5, atol=1e-6)


def test_the_plane_never_says_less_than_the_radius_in_all_dimensions(page, pair, fresh, made):
    for plane in made["plane"].data["planes"]:
        index = int(torch.nonzero(fresh.y == plane["label"])[0])
        for (_, network), part in zip(pair.items(), plane["networks"], strict=True):
            flat, here = figures.restricted(network, fresh, index)
            inside = float(kn.exact_radius(flat, here[None], progress=False).flip.upper)
            whole = kn.exact_radius(network, fresh.x[index][None], progress=False).flip
            assert part["radius"] == pytest.approx(
                float(whole.upper) / math.sqrt(fresh.d), rel=1e-3
            )
            assert inside >= part["radius"] * (1 - 1e-3)


# Hands on the page.


def test_every_figure_starts_and_its_picture_is_left_to_print(page, made):
    for kind in made:
        root = f"document.querySelector('.kkt[data-kind={kind}]')"
        still = f"{root}.parentElement.querySelector('img')"
        assert page.run(f"{root}.querySelectorAll('svg').length") > 0
        assert page.run(f"getComputedStyle({still}).display") == "none"
    page.send("Emulation.setEmulatedMedia", media="print")
    assert page.run("[...document.images].every((i) => i.getBoundingClientRect().width > 100)")
    roots = "[...document.querySelectorAll('.kkt')]"
    assert page.run(f"{roots}.every((r) => getComputedStyle(r).display === 'none')")


def test_without_scripts_the_pictures_are_seen(chromium, address):
    page = chromium.open("about:blank")
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    page.loaded = False
    page.send("Page.navigate", url=address)
    while not page.loaded:
        page.browser.receive(time.monotonic() + 30)
    document = page.send("DOM.getDocument", depth=-1)["root"]["nodeId"]
    images = page.send("DOM.querySelectorAll", nodeId=document, selector="img")["nodeIds"]
    roots = page.send("DOM.querySelectorAll", nodeId=document, selector=".kkt")["nodeIds"]
    assert (len(images), len(roots)) == (4, 0)
    for image in images:
        box = page.send("DOM.getBoxModel", nodeId=image)["model"]
        assert box["width"] > 100 and box["height"] > 100
    page.send("Page.close")


def test_every_control_has_a_name_and_every_slider_says_its_value(page):
    controls = "[...document.querySelectorAll('.kkt :is(input, select, button)')]"
    named = "(c) => (c.labels && c.labels.length) || c.textContent.trim()"
    assert page.run(f"{controls}.length") >= 15
    assert page.run(f"{controls}.every({named})")
    ranges = "[...document.querySelectorAll('.kkt input[type=range]')]"
    assert page.run(f"{ranges}.every((r) => r.getAttribute('aria-valuetext'))")
    drawings = "[...document.querySelectorAll('.kkt-picture > svg')]"
    assert page.run(
        f"{drawings}.every((s) => s.getAttribute('aria-label') && s.getAttribute('role'))"
    )


@pytest.mark.parametrize("kind", ["assumption-map", "directions", "margins"])
def test_arrow_keys_home_and_end_move_a_slider_and_what_is_said(page, kind):
    selector = SLIDER.format(kind=kind)
    page.run(f"document.querySelector({selector!r}).focus()")
    value = f"Number(document.querySelector({selector!r}).value)"
    start, said = page.run(value), words(page, kind)
    press(page, "Home", 36)
    first = page.run(value)
    for _ in range(2):
        press(page, "ArrowRight", 39)
    assert page.run(value) > first
    press(page, "End", 35)
    assert page.run(value) == page.run(f"Number(document.querySelector({selector!r}).max)")
    assert words(page, kind) != said or start == page.run(value)


def test_the_map_says_which_term_breaks(page):
    assert words(page, "assumption-map").startswith("✓ Assumption 2.2 holds")
    ranges = f"document.querySelectorAll({SLIDER.format(kind='assumption-map')!r})"
    move = "(() => {{ const r = {}[{}]; r.value = {}; r.dispatchEvent(new Event('input')); }})()"
    page.run(move.format(ranges, 2, 0.2))
    assert "the noise level is above 1" in words(page, "assumption-map")
    page.run(move.format(ranges, 2, 0))
    page.run(move.format(ranges, 0, 5))
    assert "the third item breaks" in words(page, "assumption-map")
    page.run(
        "document.querySelector('.kkt[data-kind=assumption-map] input[type=checkbox]').click()"
    )
    assert words(page, "assumption-map").startswith("✓")
    page.run("document.querySelector('.kkt[data-kind=assumption-map] button').click()")
    slack = kn.Clusters.orthogonal(4, 10**7, 1.0).assumption()["correlation"].slack
    assert f"slack of {slack:.3g}" in words(page, "assumption-map")


def test_a_mouse_moves_the_point_of_the_map(page):
    x, y, width, height = frame(page, ".kkt[data-kind=assumption-map] svg[role=img]")
    pointer(page, ("mousePressed", x + width / 2, y + height / 2))
    middle = words(page, "assumption-map")
    assert "fails" in middle
    pointer(page, ("mouseMoved", x + width - 20, y + height - 60))
    assert "holds" in words(page, "assumption-map")
    pointer(page, ("mouseReleased", x + width - 20, y + height - 60))
    pointer(page, ("mouseMoved", x + 60, y + 60))
    assert "holds" in words(page, "assumption-map"), "a released mouse moves nothing"


def test_play_runs_to_the_end_and_a_reader_who_wants_no_motion_steps(page, made):
    button = "document.querySelector('.kkt[data-kind=directions] button')"
    value = f"Number(document.querySelector({SLIDER.format(kind='directions')!r}).value)"
    page.run(f"{button}.click()")
    assert page.run(f"{button}.textContent") == "pause"
    run = made["directions"].data["runs"][0]
    last = len(run["logTimes"]) - 1
    pairs = zip(run["cosines"][-1], run["signs"], strict=True)
    own = [spot[0 if sign > 0 else 1] for spot, sign in pairs]
    turned = sum(one >= 0.95 for one in own)
    page.wait(f"{value} === {last}")
    page.wait(f"{button}.textContent === 'play'")
    assert f"{turned} of 8 neurons have turned" in words(page, "directions")
    still = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    page.send("Emulation.setEmulatedMedia", features=still)
    page.wait(f"{button}.textContent === 'next moment'")
    page.run(f"{button}.click()")
    assert page.run(value) == 0
    page.run(f"{button}.click()")
    assert page.run(value) == 1
    assert page.run(f"{button}.textContent") == "next moment"


def test_margins_cross_zero_together(page, pair, fresh):
    root = "document.querySelector('.kkt[data-kind=margins]')"
    hollow = f"{root}.querySelectorAll('.kkt-hollow').length"
    assert page.run(hollow) == 0
    page.run(f"{root}.querySelectorAll('button')[0].click()")
    eta = float(page.run(f"{root}.querySelector('output').textContent")) / 2  # ||u|| = 2 sqrt(d)
    u = kn.universal_direction(fresh)
    changed = [
        int((one.margins(fresh.x - eta * fresh.y[:, None] * u, fresh.y) < 0).sum())
        for one in pair.values()
    ]
    assert page.run(hollow) == sum(changed) > 0
    assert f"{changed[0]} of 40 signs of the flow's network" in words(page, "margins")


def test_the_point_of_the_plane_follows_keys_and_mouse_and_comes_home(page):
    selector = ".kkt[data-kind=plane] [role=slider]"
    start = words(page, "plane")
    assert start.startswith("At the data point")
    frame(page, selector)
    page.run(f"document.querySelector({selector!r}).focus()")
    for _ in range(3):
        press(page, "ArrowDown", 40)
    moved = words(page, "plane")
    assert moved != start
    assert "at most" in page.run("document.querySelector('.kkt-distances').textContent")
    press(page, "Home", 36)
    assert words(page, "plane") == start
    assert "exact" in page.run("document.querySelector('.kkt-distances').textContent")
    x, y, width, height = frame(page, selector)
    x, y = x + width / 2, y + height / 2
    pointer(page, ("mousePressed", x, y), ("mouseMoved", x, y + 230))
    assert "(changed)" in words(page, "plane")
    pointer(page, ("mouseReleased", x, y + 230))
    page.run("document.querySelectorAll('.kkt[data-kind=plane] input[type=radio]')[1].click()")
    assert "flow's network says −1" in words(page, "plane")


def test_adding_z_changes_the_sign_of_the_flows_network(page):
    page.run("document.querySelector('.kkt[data-kind=plane] button').click()")
    assert "flow's network says −1 (changed)" in words(page, "plane")


@pytest.mark.parametrize("width", [360, 1280])
def test_figures_fit_their_page(chromium, address, width):
    page = chromium.open(address, width=width)
    assert page.run("document.documentElement.scrollWidth") <= width
    texts = "[...document.querySelectorAll('.kkt svg text')]"
    assert page.run(f"{texts}.every((t) => parseFloat(getComputedStyle(t).fontSize) >= 11)")
    assert page.errors == []
    page.send("Page.close")


def test_the_chapters_data_are_of_a_size_for_a_page():
    sizes = [
        len(json.dumps(figure["data"], separators=(",", ":")))
        for path in chapters.chapters()
        for figure in extension.stored(path).values()
    ]
    assert sizes and max(sizes) <= LARGEST
