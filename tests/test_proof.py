"""Proofs of KKT points: closed forms in exact arithmetic, what must be refused, the checker."""

import ast
import re
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from exact_points import two_point
from flint import arb, ctx

import kktnotes as kn
from kktnotes.kkt import active_equations, krawczyk, proof
from kktnotes.kkt.stored_numbers import StoredNumbers
from kktnotes.kkt.strict_signs import sides
from tools import chapters

CHECKER = chapters.ROOT / "tools" / "check_point.py"


def measured(network, x, y, multipliers, subgradients):
    return kn.KKTPoint.measured(kn.TwoLayerReLU(*network), x, y, multipliers, subgradients)


def arrays(point):
    """Network (weights, biases, output), x, y, multipliers, subgradients as NumPy copies."""
    net = point.network
    plain = [net.weights, net.biases, net.output, point.x, point.y]
    plain += [point.multipliers, point.subgradients]
    w, b, v, *rest = (one.numpy().copy() for one in plain)
    return (w, b, v), *rest


@pytest.fixture(scope="module")
def limit():
    """The point of case a: 14 support points, one pair on a kink."""
    return kn.kkt_point(kn.case("a").flow(0))


@pytest.fixture(scope="module")
def two():
    return measured(*[two_point(40.0, 7.0)[i] for i in (2, 0, 1, 3, 4)])


def exact_gram(x):
    """x~_i . x~_l of the stored numbers as fractions."""
    rows = [[Fraction(value) for value in [*row, 1.0]] for row in np.asarray(x).tolist()]
    return [[sum(a * b for a, b in zip(one, two, strict=True)) for two in rows] for one in rows]


def real(value):
    return Decimal(value.numerator) / Decimal(value.denominator)


@pytest.fixture
def digits():
    """Decimal numbers of 60 digits."""
    with localcontext() as context:
        context.prec = 60
        yield


def solution(point):
    """The balls that hold the exact lambda_S, a_K and v^2, in the units of the point."""
    _, x, y, lam, a = arrays(point)
    with ctx.workprec(128):
        stored = StoredNumbers(point.network, x, y, lam, a)
        equations, box = proof._solved(stored, 128)
        return equations, [one / arb(2) ** stored.power for one in box.zero]


def holds(ball, value):
    """Whether a narrow ball holds a number known to 50 digits."""
    with ctx.workprec(256):
        assert 0 <= float(ball.rad()) < 1e-12 * abs(float(ball))
        return ball.contains(arb(str(value)).mid())


@pytest.mark.usefixtures("digits")
def test_two_points_are_proved_at_their_exact_values(two):
    """lambda_1 = (c_1 - g^2 / c_2)^(-1/2) = v_1^2, a_12 = lambda_1 g / c_2, of the stored x."""
    (first, g), (_, second) = exact_gram(two.x)
    lam = [1 / real(c - g**2 / d).sqrt() for c, d in ((first, second), (second, first))]
    freedom = [lam[1] * real(g / first), lam[0] * real(g / second)]  # a_01, a_10
    found = two.prove()
    equations, zero = solution(two)
    assert (found.support, found.kinks, found.neurons, found.unknowns) == (2, 2, 2, 6)
    assert list(zip(equations.at, equations.of, strict=True)) == [(0, 1), (1, 0)]
    for ball, value in zip(zero, [*lam, *freedom, *lam], strict=True):
        assert holds(ball, value)
    stored = map(Decimal, two.multipliers.tolist())
    off = max(abs(one - value) for one, value in zip(stored, lam, strict=True))
    assert off / max(lam) <= found.multipliers < 1e-14
    outputs = [lam[0].sqrt(), -lam[1].sqrt()]
    stored = map(Decimal, two.network.output.tolist())
    off = max(abs(one - value) for one, value in zip(stored, outputs, strict=True))
    assert off / abs(outputs[0]) <= found.output < 1e-14
    assert found.theta < 1e-14 and found.least_margin == np.inf


@pytest.mark.parametrize(("k", "d"), [(4, 100), (6, 40), (10, 10**4), (100, 10**7)])
@pytest.mark.usefixtures("digits")
def test_averaged_points_are_proved_at_their_exact_values(k, d):
    """The stored x~ have one norm c and one inner product e, both near those meant.

    For e <= 0 the other label's points are off at a neuron. For e > 0 they are on its kink with
    a = lambda h e / C, C = c + (h - 1) e, h = k / 2; then h lambda^2 (C - h^2 e^2 / C) = 1.
    """
    point = kn.averaged_point(k, d)
    gram, half = exact_gram(point.x[:3]), k // 2
    c, e = gram[0][0], gram[0][1]
    assert abs(e) < 1e-15 * c and gram[1][2] == e and gram[2][2] == c
    own = c + (half - 1) * e
    net = own - (half * e) ** 2 / own if e > 0 else own
    lam = 1 / (half * real(net)).sqrt()
    free = [lam * real(half * e / own)] * (2 * half) if e > 0 else []
    equations, zero = solution(point)
    assert equations.sizes == (k, len(free), 2)
    # q_i = r lambda (C - h^2 e^2 / C) = 1
    for ball, value in zip(zero, [*[lam] * k, *free, *[1 / (lam * real(net))] * 2], strict=True):
        assert holds(ball, value)
    assert point.prove().theta < 1e-14


def test_exactly_orthogonal_points_lie_on_their_kinks_by_nature():
    """At d = k = 8 all numbers of x are multiples of 1/4: x~_q . x~_r is 9 or exactly 0."""
    assert exact_gram(kn.equicorrelated_points(8, 8)[0])[0][:2] == [9, 0]
    found = kn.decoupled_point(8, 8).prove()
    assert (found.orthogonal, found.kinks) == (56, 0)
    x, y = kn.equicorrelated_points(8, 8)
    assert kn.partition_point(x, y, [[0, 2, 4], [6], [1, 3], [5, 7]]).prove().orthogonal == 24
    exact = kn.decoupled_point(16, 15).prove()  # lambda = 1/4, v = 1/2
    assert max(exact.multipliers, exact.output, exact.theta) < 1e-100


def test_a_point_that_rounding_took_away_is_refused():
    """With x~_q . x~_r > 0, a point is strictly active at a neuron of its label without it."""
    point = kn.decoupled_point(10, 10**4)
    assert exact_gram(point.x[:2])[0][1] > 0
    with pytest.raises(kn.NotProved, match=r"subgradient's way to 0 .* not shown to be positive"):
        point.prove()


def test_the_limit_of_a_flow_is_proved_with_the_gaps_that_numpy_sees(limit):
    found = limit.prove()
    (w, b, v), x, y, lam, a = arrays(limit)
    support, largest = lam > 0, lam.max()
    h = x @ w.T + b
    q = y * (np.maximum(h, 0) @ v)
    kinks = (a > 0) & (a < lam[:, None])
    norms = np.sqrt(np.outer((x**2).sum(1) + 1, (w**2).sum(1) + b**2))
    room = np.minimum(a, lam[:, None] - a)[kinks].min() / largest
    assert (found.support, found.kinks) == (support.sum(), kinks.sum()) == (14, 1)
    assert found.least_multiplier == pytest.approx(lam[support].min() / largest, rel=1e-9)
    assert found.least_margin == pytest.approx(q[~support].min() - 1, rel=1e-6)
    cosines = (abs(h) / norms)[~kinks & support[:, None]]
    assert found.least_preactivation == pytest.approx(cosines.min(), rel=1e-6)
    assert found.least_subgradient == pytest.approx(room, rel=1e-6)
    assert found.theta < 1e-13 < 1e-6 < found.radius < 1e-3
    assert "14 positive multipliers and 1 pairs on kinks" in found.statement
    assert len(repr(found)) <= 280


def scaled_by(point, sizes, seed=0):
    """The point with lambda, a_K and theta off by a relative size."""
    draws = np.random.default_rng(seed)
    network, x, y, lam, a = arrays(point)
    kinks = (a > 0) & (a < lam[:, None])
    factor = 1 + sizes * draws.uniform(-1, 1, len(lam))
    a = np.where(kinks, a * (1 + sizes * draws.uniform(-1, 1, a.shape)), a * factor[:, None])
    lam = lam * factor
    a = np.where((a > 0) & ~kinks, lam[:, None], a)
    network = [part * (1 + sizes * draws.uniform(-1, 1, part.shape)) for part in network]
    return measured(network, x, y, lam, a)


def test_a_perturbed_point_has_the_same_proof_or_none(limit):
    perturbed = scaled_by(limit, 1e-6)
    with pytest.raises(kn.NotProved, match="from the exact point, above 1e-09"):
        perturbed.prove()
    found = perturbed.prove(within=1e-3)
    assert 1e-7 < found.theta < 1e-5 and 1e-7 < found.multipliers < 1e-5
    for one, two in zip(solution(perturbed)[1], solution(limit)[1], strict=True):
        assert one.overlaps(two)
    with pytest.raises(kn.NotProved):  # out of the box in which one point is alone
        scaled_by(limit, 1e-2).prove(within=1.0)


def test_a_multiplier_of_the_wrong_sign_is_refused(limit):
    """A point beyond the margin with a multiplier: on the margin it would take a negative one."""
    network, x, y, lam, a = arrays(limit)
    q = limit.network.margins(x, y).numpy()
    nearest = np.where(lam > 0, np.inf, q).argmin()
    lam[nearest] = 1e-9 * lam.max()
    a[nearest] = lam[nearest] * (x[nearest] @ network[0].T + network[1] > 0)
    with pytest.raises(kn.NotProved, match=f"multiplier of point {nearest}: -"):
        measured(network, x, y, lam, a).prove(within=1.0)


def test_a_network_that_is_no_kkt_point_is_refused(limit):
    """The best multipliers of a network that is 1 % off: small residuals, no exact point near."""
    near = scaled_by(limit, 1e-2)
    fitted = kn.certificate(near.network, (near.x, near.y))
    assert 1e-4 < fitted.worst < 0.1
    theirs = fitted.multipliers, fitted.subgradients
    point = kn.KKTPoint.measured(near.network, near.x, near.y, *theirs)
    with pytest.raises(kn.NotProved):
        point.prove()


def test_weights_that_do_not_belong_to_the_multipliers_are_refused(limit):
    (w, b, v), *rest = arrays(limit)
    w[0] *= 1 + 1e-6
    with pytest.raises(kn.NotProved, match=r"theta: .* from the exact point, above 1e-09"):
        measured((w, b, v), *rest).prove()


def test_a_sum_that_cancels_is_no_orthogonal_point():
    """z_2 meets z_0, z_1 and z_3, which make u, at 1, -1 and 0: on the kink, but not by nature."""
    points = np.array([[2.0, 1.0], [2.0, -1.0], [0.0, 1.0], [1.0, 0.0]])
    on = np.array([[True], [True], [False], [True]])
    equations = active_equations.ActiveEquations(points, on, np.zeros_like(on))
    ones = np.ones(4)
    stored = SimpleNamespace(signed=points, support=ones > 0, y=ones, signs=ones[:1])
    with pytest.raises(kn.NotProved, match=r"preactivation of point 2 at neuron 0: .* 0 is not"):
        sides(stored, equations, [arb(1)] * 5)


def test_neurons_that_coincide_are_refused(two):
    (w, b, v), x, y, lam, a = arrays(two)
    double = [0, 0, 1]
    share = np.sqrt([0.5, 0.5, 1.0])
    network = share[:, None] * w[double], share * b[double], share * v[double]
    point = measured(network, x, y, lam, a[:, double])
    assert point.certificate.within(1e-14)
    with pytest.raises(kn.NotProved, match="neurons 0 and 1 coincide"):
        point.prove()


def test_points_that_coincide_are_refused(two):
    """Their multipliers may be shared at will."""
    network, x, y, lam, a = arrays(two)
    double = [0, 0, 1]
    share = np.array([0.5, 0.5, 1.0])
    point = measured(network, x[double], y[double], share * lam[double], share[:, None] * a[double])
    assert point.certificate.within(1e-14)
    with pytest.raises(kn.NotProved, match=r"singular|Newton"):
        point.prove()


def test_a_neuron_without_output_is_refused(two):
    (w, b, v), x, y, lam, a = arrays(two)
    network = np.vstack([w, 0 * w[:1]]), np.append(b, 0.0), np.append(v, 0.0)
    point = measured(network, x, y, lam, np.column_stack([a, 0 * lam]))
    with pytest.raises(kn.NotProved, match="neuron 2 has no output"):
        point.prove()
    with pytest.raises(kn.NotProved, match="no multiplier is positive"):
        measured((w, b, v), x, y, 0 * lam, 0 * a).prove()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_pattern_off_by_one_kink_is_refused(limit, value):
    """Off or on instead of on the kink."""
    network, x, y, lam, a = arrays(limit)
    kinks = (a > 0) & (a < lam[:, None])
    a = np.where(kinks, value * lam[:, None], a)
    with pytest.raises(kn.NotProved, match=r"sign that its subgradient asks for|exact point|box"):
        measured(network, x, y, lam, a).prove()


def test_a_kink_too_many_is_refused(limit):
    network, x, y, lam, a = arrays(limit)
    i, j = np.argwhere((a == lam[:, None]) & (lam[:, None] > 0))[0]
    a[i, j] *= 1 - 1e-10
    with pytest.raises(kn.NotProved):
        measured(network, x, y, lam, a).prove()


def third(two, factor):
    """Two points and the first one again, longer by a factor, without a multiplier."""
    network, x, y, lam, a = arrays(two)
    more = np.vstack([x, factor * x[0]]), np.append(y, y[0])
    return measured(network, *more, np.append(lam, 0.0), np.vstack([a, 0 * a[0]]))


def test_a_margin_of_one_off_the_support_is_refused(two):
    with pytest.raises(kn.NotProved, match=r"margin less 1 of point 2: .* not shown"):
        third(two, 1.0).prove()
    longer = third(two, 1.5)
    margin = longer.network.margins(longer.x, longer.y)[2].item()
    assert longer.prove().least_margin == pytest.approx(margin - 1, rel=1e-12)
    assert third(two, 1 + 1e-14).prove().least_margin == pytest.approx(1e-14, rel=0.5)


def test_what_is_asked_is_checked(two):
    with pytest.raises(ValueError, match=r"within: got 0, allowed is a finite number > 0"):
        two.prove(within=0)
    with pytest.raises(ValueError, match=r"bits: got 30, allowed is an integer of at least 64"):
        two.prove(bits=30)
    with pytest.raises(ValueError, match=r"bits: got 1000000, allowed is 64 to 10,000"):
        two.prove(bits=10**6)
    before = ctx.prec
    found = two.prove(bits=256)
    assert ctx.prec == before and found.bits == 256
    (w, b, v), x, y, lam, a = arrays(two)
    far = measured((w * 1e-120, b, v), x * 1e120, y, lam, a)
    with pytest.raises(kn.NotProved, match="coordinates from"):
        far.prove()


def equations_of(seed, s=7, m=3, q=6):
    """Equations at random points, with one pair a point on a kink at most, and a z."""
    draws = np.random.default_rng(seed)
    points = draws.normal(size=(s, q))
    states = draws.integers(0, 3, size=(s, m))
    equations = active_equations.ActiveEquations(points, states == 1, states == 2)
    return equations, draws.uniform(0.5, 1.5, sum(equations.sizes)), draws


def values(equations, z):
    found, t = equations.values([arb(one) for one in z.tolist()])
    return np.array([float(one) for one in found]), active_equations.floats(t)


@pytest.mark.parametrize("seed", range(5))
def test_the_jacobian_and_its_bounds_hold(seed):
    """F is quadratic: F(z + d) - F(z - d) = 2 J(z) d without a remainder."""
    equations, z, draws = equations_of(seed)
    d, e = draws.uniform(-1, 1, (2, len(z)))
    t = values(equations, z)[1]
    jacobian = equations.jacobian(z, t)
    difference = values(equations, z + d)[0] - values(equations, z - d)[0]
    assert np.allclose(2 * jacobian @ d, difference, rtol=1e-12, atol=1e-11)
    gram, m = abs(equations.gram), equations.on.shape[1]
    size = equations.first(gram, z[-m:], abs(t), abs(d))
    assert (abs(jacobian) @ abs(d) <= size * (1 + 1e-12)).all()
    moved = equations.jacobian(z + d, values(equations, z + d)[1]) - jacobian
    width = np.maximum(abs(d), abs(e))
    assert (abs(moved @ e) <= equations.second(gram, width) * (1 + 1e-12)).all()
    for one in np.eye(len(z)):  # where the bound is sharp
        moved = equations.jacobian(z + one, values(equations, z + one)[1]) - jacobian
        assert (abs(moved @ one) <= equations.second(gram, one) + 1e-12).all()


def test_the_rounding_of_inner_products_is_bounded():
    points = np.random.default_rng(0).normal(size=(6, 50)) * 10.0 ** np.arange(-3, 3)[:, None]
    flat = np.zeros((6, 1), dtype=bool)
    equations = active_equations.ActiveEquations(points, ~flat, flat)
    rows = [[Fraction(value) for value in row] for row in points.tolist()]
    for i, one in enumerate(rows):
        for k, other in enumerate(rows):
            exact = sum(a * b for a, b in zip(one, other, strict=True))
            assert abs(Fraction(equations.gram[i, k]) - exact) <= equations.rounding[i, k]


def test_no_box_is_found_where_there_is_no_zero_or_a_double_one(two):
    """||u||^2 = 1 and r u . x~ = 1 for one point c: lambda = c^(-1/2); c = 0 has no solution."""
    one = np.ones((1, 1), dtype=bool)
    equations = active_equations.ActiveEquations(np.array([[2.0]]), one, ~one)
    with ctx.workprec(128):
        found = krawczyk.box(equations, krawczyk.polished(equations, np.array([0.4, 0.6]), 128))
        assert [float(z) for z in found.zero] == [0.5, 0.5]
        assert 0.1 < found.radius < 1  # the other zero is (-1/2, -1/2), at a distance of 2 units
        with pytest.raises(kn.NotProved, match="too far from zero"):
            krawczyk.box(equations, [arb(0.4), arb(0.6)])
        flat = active_equations.ActiveEquations(np.zeros((1, 1)), one, ~one)
        with pytest.raises(kn.NotProved, match="singular"):
            krawczyk.polished(flat, np.array([0.4, 0.6]), 128)


# The checker


def check(path):
    """Return the exit status of the checker and what it says."""
    done = subprocess.run(
        [sys.executable, "-I", str(CHECKER), str(path)], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_the_checker_is_one_short_file_without_the_package():
    text = CHECKER.read_text("utf-8")
    tree = ast.walk(ast.parse(text))
    names = {a.name for node in tree if isinstance(node, ast.Import) for a in node.names}
    names |= {n.module for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)}
    assert names == {"sys", "numpy", "flint"} and len(text.splitlines()) <= 200


def spoiled(point, name):
    """The arrays of a saved point with one thing changed."""
    (w, b, v), x, y, lam, a = arrays(point)
    stored = {"x": x, "y": y, "weights": w, "biases": b, "output": v}
    stored |= {"multipliers": lam, "subgradients": a}
    i, j = np.argwhere((a > 0) & (a < lam[:, None]))[0]
    on = np.argwhere((a == lam[:, None]) & (lam[:, None] > 0))[0]
    match name:
        case "nothing":
            pass
        case "subgradient":
            a[tuple(on)] *= 0.5
        case "kink":
            a[i, j] = 0.0
        case "labels":
            y *= -1
        case "label":
            y[np.argmax(lam)] *= -1
        case "weights":
            w[0] *= 1 + 1e-6
        case "output":
            v[0] *= -1
        case "point":
            x[np.argmax(lam)] *= 1 + 1e-3
        case "multiplier":
            lam *= 1.001
            a *= 1.001
        case "bound":
            a[i, j] = -a[i, j]
        case "shape":
            stored["biases"] = b[:1]
        case "array":
            del stored["output"]
        case "number":
            x[0, 0] = np.nan
    return stored


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("subgradient", "wrong side|any solution|is not > 0|off|regular"),
        ("kink", "wrong side|any solution"),
        ("labels", "any solution|is not > 0|off|wrong side|above 1"),
        ("label", "any solution|is not > 0|off|wrong side"),
        ("weights", "exact parameters are .* off"),
        ("output", "any solution|is not > 0|off|wrong side"),
        ("point", "any solution|off"),
        ("multiplier", "any solution|off"),
        ("bound", "not 0 <= a_ij"),
        ("shape", "shapes do not fit"),
        ("array", "holds no point"),
        ("number", "no finite float64"),
    ],
)
def test_the_checker_refuses_what_was_tampered_with(limit, tmp_path, name, reason):
    np.savez(tmp_path / "good.npz", **spoiled(limit, "nothing"))
    np.savez(tmp_path / "bad.npz", **spoiled(limit, name))
    status, text = check(tmp_path / "bad.npz")
    assert status == 1 and text.startswith("Not proved: ")
    assert re.search(reason, text), text
    if name == "number":
        assert check(tmp_path / "good.npz")[0] == 0


def candidates(limit, two):
    """Points that can and cannot be proved."""
    x, y = kn.equicorrelated_points(6, 40)
    return {
        "limit": limit,
        "two": two,
        "averaged": kn.averaged_point(4, 100),
        "on kinks by rounding": kn.averaged_point(10, 10**4),
        "orthogonal": kn.decoupled_point(8, 8),
        "partition": kn.partition_point(x, y, [[0, 2], [4], [1, 3, 5]]),
        "none": kn.decoupled_point(10, 10**4),
        "longer": third(two, 1.5),
        "margin 1": third(two, 1.0),
        "perturbed": scaled_by(limit, 1e-7),
    }


def test_the_checker_agrees_with_prove(limit, two, tmp_path):
    refused = []
    for name, point in candidates(limit, two).items():
        status, text = check(point.save(tmp_path / "point.npz"))
        try:
            found = point.prove()
        except kn.NotProved:
            refused.append(name)
            assert status == 1, name
            continue
        assert status == 0, (name, text)
        words = (
            f"multipliers {found.support}, pairs on kinks {found.kinks}, neurons "
            f"{found.neurons}, unknowns {found.unknowns}"
        )
        assert words in text
        theta = float(text.split("to their norm, ")[1].split(",")[0])
        assert theta == pytest.approx(found.theta, rel=0.2, abs=1e-16)
        radius = float(text.split("only one within ")[1].split(".\n")[0])
        assert found.radius < radius < 3 * found.radius
    assert refused == ["none", "margin 1", "perturbed"]
