"""Hostile calls: every public function, every argument, some thirty values that are not meant.

A value of the right kind may give an answer; every other one has to be refused in one sentence
that names the argument, what came and what is allowed. Values that no argument of any function can
mean may not be taken at all. What would not fit into the memory is refused before it is taken.
"""

import math
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import torch

import kktnotes as kn
from kktnotes import attacks, checks, radius, theory
from kktnotes.theory import every_point, flip_probability

CLEAR = re.compile(r"^[\w ,.()\[\]|/=]+: got .*, allowed is ", re.DOTALL)
"""How every refusal reads."""


def given(**arguments):
    """The arguments of one call."""
    return arguments


CLUSTERS = kn.Clusters.orthogonal(4, 1203, kn.inverse_root(1203))
TRAIN = CLUSTERS.sample(60, seed=0)
FLOW = kn.gradient_flow(TRAIN, width=10, seed=0)
POINT = kn.kkt_point(FLOW)
NETWORK = POINT.network
FRESH = CLUSTERS.fresh(5, seed=1, p=NETWORK.weights.shape[-1])
U = kn.universal_direction(TRAIN)
MODULE = torch.nn.Sequential(
    torch.nn.Linear(5, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1, bias=False)
)
KNOWN = given(network=NETWORK, sample=FRESH)
SIZES = given(n=60, delta=0.05, epsilon=0.01, residual=0.0)

CALLS = {
    "orthogonal": (kn.Clusters.orthogonal, given(k=4, d=100, sigma=0.1, labels=[1, -1, 1, -1])),
    "on_sphere": (kn.Clusters.on_sphere, given(k=4, d=100, sigma=0.1, seed=0)),
    "equicorrelated": (
        kn.Clusters.equicorrelated,
        given(k=4, d=100, inner_product=-8.0, sigma=0.1),
    ),
    "given": (kn.Clusters.given, given(means=np.eye(3), labels=[1, -1, 1], sigma=0.1, d=10)),
    "from_gram": (kn.Clusters.from_gram, given(gram=np.eye(3), labels=[1, -1, 1], sigma=0.1, d=9)),
    "with_noise": (CLUSTERS.with_noise, given(noise="gaussian")),
    "sample": (CLUSTERS.sample, given(n=20, seed=0)),
    "clusters.fresh": (CLUSTERS.fresh, given(count=20, seed=0)),
    "joint_samples": (CLUSTERS.joint_samples, given(sizes=[5, 6], seed=0)),
    "from_arrays": (kn.Sample.from_arrays, given(x=np.eye(3), y=[1, -1, 1], cluster=[0, 1, 2])),
    "subset": (TRAIN.subset, given(index=[0, 1])),
    "sample.fresh": (TRAIN.fresh, given(count=3, seed=0)),
    "extended": (TRAIN.extended, given(extra=3)),
    "directions": (TRAIN.directions, given(count=3, seed=0)),
    "inverse_root": (kn.inverse_root, given(d=100)),
    "least_dimension": (kn.least_dimension, given(k=4, sigma=1.0, inner_product=0.0)),
    "least_dimension_on_sphere": (
        kn.least_dimension_on_sphere,
        given(k=4, sigma=1.0, probability=0.9, draws=5, seed=0),
    ),
    "most_clusters": (kn.most_clusters, given(d=10**4, sigma=1.0, inner_product=0.0)),
    "clopper_pearson": (kn.clopper_pearson, given(errors=1, count=10, confidence=0.95)),
    "case": (kn.case, given(letter="a")),
    "TwoLayerReLU": (
        kn.TwoLayerReLU,
        given(weights=np.eye(3), biases=np.ones(3), output=np.ones(3)),
    ),
    "robust": (kn.TwoLayerReLU.robust, given(source=CLUSTERS, width=8)),
    "from_torch": (kn.TwoLayerReLU.from_torch, given(module=MODULE)),
    "stack": (kn.TwoLayerReLU.stack, given(networks=[NETWORK, NETWORK])),
    "preactivations": (NETWORK.preactivations, given(x=FRESH.x)),
    "network(x)": (NETWORK.__call__, given(x=FRESH.x)),
    "margins": (NETWORK.margins, given(x=FRESH.x, y=FRESH.y)),
    "normalized_margin": (NETWORK.normalized_margin, given(x=POINT.x, y=POINT.y)),
    "gradient_flow": (
        kn.gradient_flow,
        given(
            sample=TRAIN,
            width=10,
            loss="exponential",
            init_scale=1e-3,
            seed=0,
            tolerance=1e-2,
            max_change=0.1,
            max_steps=10,
            max_log_time=10.0,
            max_seconds=5.0,
            stable_growth=4.0,
            merge=1e-4,
            spacing=0.1,
        ),
    ),
    "kkt_point": (kn.kkt_point, given(flow=FLOW, tolerance=1e-9)),
    "certificate": (
        kn.certificate,
        given(network=NETWORK, sample=(POINT.x, POINT.y), resolution=1.25),
    ),
    "residuals": (
        kn.residuals,
        given(
            network=NETWORK,
            x=POINT.x,
            y=POINT.y,
            multipliers=POINT.multipliers,
            subgradients=POINT.subgradients,
        ),
    ),
    "averaged_point": (kn.averaged_point, given(k=4, d=100)),
    "decoupled_point": (kn.decoupled_point, given(k=4, d=100)),
    "partition_point": (
        kn.partition_point,
        given(
            **dict(zip("xy", kn.equicorrelated_points(4, 100), strict=True)), sets=[[0, 2], [1, 3]]
        ),
    ),
    "equicorrelated_points": (kn.equicorrelated_points, given(k=4, d=100)),
    "exact_radius": (kn.exact_radius, given(network=NETWORK, x=FRESH.x)),
    "robust radius": (
        kn.exact_radius(NETWORK, FRESH.x).robust,
        given(x=FRESH.x, y=FRESH.y),
    ),
    "linear_radius": (kn.linear_radius, given(weights=U, x=FRESH.x)),
    "nearest_neighbour_radius": (
        kn.nearest_neighbour_radius,
        given(train=kn.Sample.from_arrays(POINT.x, POINT.y), x=FRESH.x),
    ),
    "radius_by_slope": (radius.radius_by_slope, given(network=NETWORK, x=FRESH.x, y=FRESH.y)),
    "eta_upper": (
        radius.eta_upper,
        given(network=NETWORK, x=FRESH.x, y=FRESH.y, direction=U, largest=1.0, halvings=5),
    ),
    "log_error": (radius.log_error, given(network=NETWORK, sample=TRAIN)),
    "log_no_flip": (radius.log_no_flip, given(network=NETWORK, sample=TRAIN, perturbation=U)),
    "least_eta": (kn.least_eta, given(**KNOWN, direction=U, share=0.5)),
    "universal_direction": (kn.universal_direction, given(sample=TRAIN)),
    "lemma_2_1": (theory.lemma_2_1, given(clusters=CLUSTERS)),
    "theorem_2_1": (theory.theorem_2_1, given(log_loss=-9.0, n=60)),
    "theorem_3_1": (theory.theorem_3_1, given(clusters=CLUSTERS, **SIZES)),
    "theorem_4_1": (theory.theorem_4_1, given(clusters=CLUSTERS, width=8)),
    "theorem_4_2": (theory.theorem_4_2, given(clusters=CLUSTERS, **SIZES)),
    "inner_products": (theory.inner_products, given(sample=TRAIN)),
    "chain": (
        theory.chain,
        given(network=NETWORK, sample=TRAIN, subgradients=POINT.subgradients, fresh=FRESH),
    ),
    "eta_for_all": (every_point.eta_for_all, given(sample=TRAIN, epsilon=0.01)),
    "certified_eta": (
        flip_probability.certified_eta,
        given(network=NETWORK, sample=TRAIN, epsilon=0.01, tolerance=1e-3),
    ),
    "Order": (kn.Order, given(parameter="k", at=[1, 2, 3], values=[1, 2, 3], exponent=1.0)),
    "Term": (kn.Term, given(name="radius", left=1.0, relation="<=", right=2.0)),
    "record": (
        kn.record,
        given(
            statement="lemma",
            conclusion="radius",
            value=[kn.Term("radius", 1.0, "<=", 2.0)],
            hypotheses=kn.Terms([kn.Term("loss", -3.0, "<", -2.0)]),
        ),
    ),
    "deepfool": (attacks.deepfool, given(**KNOWN, steps=5, overshoot=0.02, seed=0)),
    "projected_gradient": (attacks.projected_gradient, given(**KNOWN, steps=5, seed=0)),
    "decoupled_direction_norm": (
        attacks.decoupled_direction_norm,
        given(**KNOWN, steps=5, gamma=0.05, seed=0),
    ),
    "opposite_neurons": (attacks.opposite_neurons, given(**KNOWN, seed=0)),
    "textbook_descent": (attacks.textbook_descent, given(**KNOWN, radius=1.0, steps=5, seed=0)),
    "universal": (attacks.universal, given(**KNOWN, direction=U, seed=0)),
    "transfer": (attacks.transfer, given(networks=[NETWORK], sample=FRESH, perturbation=U)),
    "load": (kn.KKTPoint.load, given(path="no-such-folder/point.npz")),
    "save": (POINT.save, given(path="no-such-folder/point.npz")),
}


class Odd:
    """An object of nobody's."""


NEVER = {
    "bytes": b"",
    "NaN": math.nan,
    "a complex number": 1j,
    "a table": {},
    "a class": object,
    "an object": Odd(),
    "a function": lambda *_: None,
    "an array of words": np.array(["a"]),
    "an array of NaN": np.full((2, 2), np.nan),
    "a masked array": np.ma.masked_array([1.0, 2.0], [0, 1]),
    "a complex tensor": torch.zeros(2, 2, dtype=torch.complex64),
    "a ragged list": [[1], [1, 2]],
    "a date": np.datetime64("2020"),
}
SOMETIMES = {
    "None": None,
    "a word": "x",
    "-1": -1,
    "0": 0,
    "0.5": 0.5,
    "infinity": math.inf,
    "True": True,
    "10^30": 10**30,
    "an empty list": [],
    "an empty array": np.zeros((0, 3)),
    "an array of four axes": np.zeros((2, 3, 4, 5)),
    "three numbers": (1, 2, 3),
    "a range": range(3),
    "a network": NETWORK,
    "a sample": TRAIN,
    "a flow": FLOW,
}


def answer(function, arguments):
    """What became of a call: "answered", "refused", or what else came."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            function(**arguments)
    except kn.NotCertified:
        return "refused"
    except OSError:  # a path that is none
        return "refused"
    except ValueError as error:
        return "refused" if CLEAR.match(str(error)) else f"ValueError: {error}"
    except Exception as error:  # what a user must not meet
        return f"{type(error).__name__}: {error}"
    return "answered"


def test_there_are_enough_of_them():
    calls = sum(len(arguments) for _, arguments in CALLS.values())
    assert calls * (len(NEVER) + len(SOMETIMES)) >= 300


@pytest.mark.parametrize("name", CALLS)
def test_every_hostile_call_is_answered_or_refused_in_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a word is the name of a file
    function, arguments = CALLS[name]
    if name not in ("load", "save"):
        assert answer(function, arguments) == "answered"
    for argument in arguments:
        for kind, value in (NEVER | SOMETIMES).items():
            came = answer(function, arguments | {argument: value})
            allowed = ("refused",) if kind in NEVER else ("refused", "answered")
            assert came in allowed, f"{argument}: {kind}: {came}"


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("width", lambda: kn.gradient_flow(TRAIN, width=10**8)),
        ("width", lambda: kn.gradient_flow(TRAIN, width=100, seed=range(10**5))),
        ("width", lambda: kn.TwoLayerReLU.robust(CLUSTERS, width=10**9)),
        ("k", lambda: kn.Clusters.on_sphere(10**5, 10**7, 1.0, seed=0)),
        ("k", lambda: kn.Clusters.orthogonal(10**5, 10**7, 1.0)),
        ("points", lambda: CLUSTERS.sample(10**6, seed=0)),
        ("points", lambda: CLUSTERS.fresh(10**9, seed=0)),
        ("points", lambda: TRAIN.fresh(10**9, seed=[0, 1])),
        ("sample", lambda: kn.certificate(*many_points(40_000))),
        ("x", lambda: kn.exact_radius(ring(60), torch.ones(10**5, 2))),
        ("network", lambda: kn.exact_radius(ring(20_000), torch.ones(1, 2))),
        ("network", lambda: kn.least_eta(ring(10_000), ([[1.0, 2.0]], [1]), direction=[1.0, 0.0])),
        (
            "train",
            lambda: kn.nearest_neighbour_radius(
                kn.Sample.from_arrays(torch.ones(10**4, 1), [1, -1] * 5_000), [[1.0]]
            ),
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_taken(argument, call, monkeypatch):
    monkeypatch.setattr(checks, "MOST_BYTES", 2e9)
    with pytest.raises(ValueError, match=rf"^{argument}: got .* takes .* GB, allowed is what fits"):
        call()


def ring(width):
    """A network in the plane, neurons of either sign in turn all around."""
    angle = torch.arange(width) * (2 * math.pi / width)
    return kn.TwoLayerReLU(
        torch.stack([angle.cos(), angle.sin()], 1),
        torch.ones(width),
        torch.tensor([1.0, -1.0]).repeat(width // 2),
    )


def many_points(count):
    """A network and so many points that it separates."""
    x = torch.linspace(1.0, 2.0, count, dtype=torch.float64)[:, None]
    y = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(count // 2)
    return kn.TwoLayerReLU([[1.0], [-1.0]], [0.0, 0.0], [1.0, -1.0]), (x * y[:, None], y)


def test_a_module_serves_as_a_network():
    x = np.random.default_rng(0).standard_normal((4, 5))
    network = kn.TwoLayerReLU.from_torch(MODULE)
    for module, own in zip(
        (kn.exact_radius(MODULE, x), attacks.deepfool(MODULE, (x, [1, -1, 1, -1]))),
        (kn.exact_radius(network, x), attacks.deepfool(network, (x, [1, -1, 1, -1]))),
        strict=True,
    ):
        assert repr(module) == repr(own)


def test_a_sample_brings_its_own_dimension():
    fresh = CLUSTERS.fresh(400, seed=2, p=NETWORK.weights.shape[-1])
    own = attacks.deepfool(NETWORK, fresh)
    assert repr(own) == repr(attacks.deepfool(NETWORK, (fresh.x, fresh.y), d=fresh.d))
    reach = kn.attacks.universal(NETWORK, fresh, direction=100 * U).diagnosis.control
    plane = kn.attacks.universal(NETWORK, (fresh.x, fresh.y), direction=100 * U).diagnosis.control
    assert reach <= plane
    with pytest.raises(ValueError, match="d: got 64, allowed is 1203"):
        attacks.deepfool(NETWORK, fresh, d=64)


def test_one_sample_of_a_batch():
    batch = CLUSTERS.sample(10, seed=[3, 4])
    for number, one in enumerate(batch):
        alone = CLUSTERS.sample(10, seed=3 + number)
        assert torch.equal(one.x, alone.x) and torch.equal(one.cluster, alone.cluster)
    assert torch.equal(batch[-1].y, batch[1].y)
    for wrong in (2, -3):
        with pytest.raises(IndexError, match="allowed is -2 to 1"):
            batch[wrong]
    with pytest.raises(ValueError, match="subset"):
        TRAIN[0]
    for wrong in ("0", True, slice(0, 1)):
        with pytest.raises(ValueError, match=r"sample\[\.\.\.\]: got .* a whole number"):
            batch[wrong]


ARRAYS = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize(
    "x",
    [
        ARRAYS[::-1],
        ARRAYS.astype(">f8"),
        ARRAYS.astype(np.longdouble),
        ARRAYS.astype(np.float16),
        ARRAYS.astype(np.int8),
        ARRAYS.astype(object),
        pd.DataFrame(ARRAYS),
        [torch.tensor(row) for row in ARRAYS],
        [[torch.tensor(0.0), torch.tensor(1.0)]] * 3,
        torch.tensor(ARRAYS, requires_grad=True),
    ],
    ids=str,
)
def test_arrays_of_every_make_are_taken(x):
    sample = kn.Sample.from_arrays(x, pd.Series([1, -1, 1]))
    known = np.array([[float(one) for one in row] for row in np.asarray(torch_free(x))])
    assert sample.x.dtype == torch.float64
    np.testing.assert_array_equal(sample.x.numpy(), known)


def torch_free(x):
    """The rows of anything that holds numbers."""
    return x.detach().numpy() if isinstance(x, torch.Tensor) else x


def test_a_sample_does_not_change_with_the_arrays_it_was_made_of():
    x, y = torch.zeros(2, 2, dtype=torch.float64), torch.tensor([1.0, -1.0], dtype=torch.float64)
    sample = kn.Sample.from_arrays(x, y)
    x[0, 0], y[0] = 9.0, -1.0
    assert sample.x[0, 0] == 0.0 and sample.y[0] == 1.0


ROBUST = kn.TwoLayerReLU.robust(TRAIN)
ZERO_ONE = torch.tensor([0.0, 1.0, 0.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("cluster: got 9.01e", lambda: kn.Sample.from_arrays(ARRAYS, [1, -1, 1], [2**53, 1, 0])),
        ("y: got the value 0", lambda: NETWORK.margins(FRESH.x, ZERO_ONE)),
        ("y: got the value 0", lambda: NETWORK.normalized_margin(FRESH.x, ZERO_ONE)),
        ("y: got the value 0", lambda: attacks.transfer([NETWORK], (FRESH.x, ZERO_ONE), U)),
        ("y: got shape", lambda: NETWORK.margins(FRESH.x, FRESH.y[:, None])),
        ("direction: got shape", lambda: theory.inner_products(TRAIN, direction=U[:, None])),
        (
            "tolerance: got 1e-17",
            lambda: flip_probability.certified_eta(ROBUST, TRAIN, epsilon=0.01, tolerance=1e-17),
        ),
        (
            "tolerance: got 1e-17",
            lambda: every_point.eta_for_all(TRAIN, epsilon=0.01, tolerance=1e-17),
        ),
        ("n: got 1,000,000,000,000", lambda: theory.log_missed(4, 10**12)),
        ("k: got 400 at 200 draws", lambda: kn.least_dimension_on_sphere(400, 1.0)),
        ("inner_product: got -1", lambda: kn.least_dimension(4, 1.0, -1.0)),
        ("bias: got 1 entries", lambda: kn.linear_radius([3.0, 4.0], ARRAYS, bias=math.nan)),
        ("d: got inf", lambda: kn.Clusters.orthogonal(4, 10**400, 1.0)),
        ("sigma: got 1000", lambda: kn.Clusters.orthogonal(4, 100, 10**400)),
        ("x: got a number beyond", lambda: kn.Sample.from_arrays([[10**400, 1]], [1])),
        (
            "means: got 'no'",
            lambda: kn.Case(letter="x", d=100, k=4, sigma=1.0, n=10, means="no").clusters,
        ),
        ("label: got 0", lambda: theory.flip_eta_upper(theory.inner_products(TRAIN), label=0.0)),
        ("x: got no point", lambda: kn.exact_radius(NETWORK, FRESH.x[:0])),
    ],
)
def test_what_gave_a_wrong_number_or_never_came_back_is_refused(message, call):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}") as refused:
        call()
    assert len(str(refused.value)) < 300


def test_right_numbers_where_squares_overflow_or_cancel():
    near = kn.linear_radius(np.array([3.0, 4.0]), ARRAYS)
    for scale in (1e155, 1e-200):
        far = kn.linear_radius(scale * np.array([3.0, 4.0]), ARRAYS)
        torch.testing.assert_close(far, near, rtol=1e-12, atol=0)
    assert TRAIN.subset(np.array([1, 2], np.int8)).n == 2
    twins = kn.Sample.from_arrays([[0.0, 1.0], [1e-9, 1.0]], [1, -1])
    assert not kn.gradient_flow(twins, width=4).separated
