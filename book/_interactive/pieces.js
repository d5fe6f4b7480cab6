/* Two-layer ReLU networks on a plane: the convex pieces on which they are affine, and distances.

A neuron is [c, a, b] with preactivation c + a x + b y; a piece is { polygon, f }, f affine likewise. */
"use strict";

(function () {
  const at = ([c, a, b], [x, y]) => c + a * x + b * y;

  /** Return the part of a convex polygon on which f >= 0. */
  function clip(polygon, f) {
    const kept = [];
    polygon.forEach((point, i) => {
      const next = polygon[(i + 1) % polygon.length];
      const [here, there] = [at(f, point), at(f, next)];
      if (here >= 0) kept.push(point);
      if ((here > 0 && there < 0) || (here < 0 && there > 0)) {
        const part = here / (here - there);
        kept.push([point[0] + part * (next[0] - point[0]), point[1] + part * (next[1] - point[1])]);
      }
    });
    return kept;
  }

  const area = (polygon) =>
    Math.abs(polygon.reduce((sum, [x, y], i) => {
      const [u, v] = polygon[(i + 1) % polygon.length];
      return sum + x * v - u * y;
    }, 0)) / 2;

  const minus = (f) => f.map((one) => -one);

  /** Return the network's output at a point of the plane. */
  const output = (network, point) =>
    network.preactivations.reduce((sum, f, j) => sum + network.output[j] * Math.max(0, at(f, point)), 0);

  /** Cut a convex polygon into the pieces on which the network is affine. */
  function pieces(network, polygon) {
    let found = [{ polygon, f: [0, 0, 0] }];
    network.preactivations.forEach((h, j) => {
      const next = [];
      for (const piece of found) {
        const on = clip(piece.polygon, h);
        const off = clip(piece.polygon, minus(h));
        if (on.length > 2 && area(on) > 1e-12) next.push({ polygon: on, f: piece.f.map((one, i) => one + network.output[j] * h[i]) });
        if (off.length > 2 && area(off) > 1e-12) next.push({ polygon: off, f: piece.f });
      }
      found = next;
    });
    return found;
  }

  /** Split pieces by the sign, with sign(0) = -1: convex polygons; `flat` are those with N = 0.

  `border` has the segments between sign +1 and sign -1: where N = 0 at the edge of a positive part. */
  function signs(found, size) {
    const parts = { positive: [], negative: [], flat: [], border: [] };
    const zero = (value) => Math.abs(value) <= 1e-9 * size;
    for (const { polygon, f } of found) {
      const values = polygon.map((point) => at(f, point));
      if (values.every(zero)) {
        parts.flat.push(polygon);
        continue;
      }
      const positive = clip(polygon, f);
      const negative = clip(polygon, minus(f));
      if (Math.max(...values) > 1e-9 * size && area(positive) > 1e-12) {
        parts.positive.push(positive);
        positive.forEach((point, i) => {
          const next = positive[(i + 1) % positive.length];
          if (zero(at(f, point)) && zero(at(f, next))) parts.border.push([point, next]);
        });
      }
      if (Math.min(...values) < -1e-9 * size && area(negative) > 1e-12) parts.negative.push(negative);
    }
    return parts;
  }

  /** Return where the line f = level crosses a convex polygon: two points, or null. */
  function crossing(polygon, f, level) {
    const g = [f[0] - level, f[1], f[2]];
    const found = [];
    polygon.forEach((point, i) => {
      const next = polygon[(i + 1) % polygon.length];
      const [here, there] = [at(g, point), at(g, next)];
      if (here === 0) found.push(point);
      else if (here * there < 0) {
        const part = here / (here - there);
        found.push([point[0] + part * (next[0] - point[0]), point[1] + part * (next[1] - point[1])]);
      }
    });
    return found.length === 2 ? found : null;
  }

  /** Return the point of a convex polygon (its inside included) that is nearest to a point. */
  function nearestIn(polygon, point) {
    let turn = 0;
    let inside = true;
    let best = { distance: Infinity };
    polygon.forEach((a, i) => {
      const b = polygon[(i + 1) % polygon.length];
      const [ux, uy, px, py] = [b[0] - a[0], b[1] - a[1], point[0] - a[0], point[1] - a[1]];
      const side = ux * py - uy * px;
      if (side !== 0) {
        if (turn !== 0 && Math.sign(side) !== turn) inside = false;
        turn = turn || Math.sign(side);
      }
      const length = ux * ux + uy * uy;
      const part = length > 0 ? Math.min(1, Math.max(0, (ux * px + uy * py) / length)) : 0;
      const near = [a[0] + part * ux, a[1] + part * uy];
      const distance = Math.hypot(point[0] - near[0], point[1] - near[1]);
      if (distance < best.distance) best = { distance, point: near };
    });
    return inside ? { distance: 0, point } : best;
  }

  /** Return the nearest point of another sign, in the plane: { sign, distance, point }. */
  function nearestFlip(network, parts, point) {
    const sign = output(network, point) > 0 ? 1 : -1;
    const others = sign > 0 ? [...parts.negative, ...parts.flat] : parts.positive;
    const found = others.map((polygon) => nearestIn(polygon, point));
    const best = found.reduce((a, b) => (a.distance <= b.distance ? a : b), { distance: Infinity });
    return { sign, ...best };
  }

  Object.assign(kktnotes.mathematics, { output, pieces, signs, crossing, nearestFlip });
})();
