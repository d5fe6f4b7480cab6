/* Slide ||z|| and watch the margins of fresh points of all clusters cross zero. */
"use strict";

(function () {
  const { html, svg, set, shown, linear, ticks, joined, axes, slider, drag, clamp } = kktnotes;

  /** Return y N(x - y eta u) of one point from its preactivations and their slopes along u. */
  function margin(network, point, label, eta) {
    const h = network.preactivations[point];
    let sum = 0;
    for (let j = 0; j < h.length; j += 1) sum += network.output[j] * Math.max(0, h[j] - label * eta * network.slopes[j]);
    return label * sum;
  }

  /** Tell whether the sign differs from the label, with sign(0) = -1. */
  const flipped = (value, label) => (label > 0 ? value <= 0 : value < 0);

  /** Return the least eta > 0 at which a point's sign differs from its label, or Infinity. */
  function leastEta(network, point, label) {
    const kinks = network.preactivations[point]
      .map((h, j) => (label * h) / network.slopes[j])
      .filter((eta) => eta > 0 && Number.isFinite(eta))
      .sort((a, b) => a - b);
    let from = 0;
    let before = margin(network, point, label, 0);
    if (flipped(before, label)) return 0;
    // Beyond the last kink the output is linear: one more place tells its slope.
    kinks.push((kinks.length ? kinks[kinks.length - 1] : 0) * 2 + 1);
    for (const to of kinks) {
      const after = margin(network, point, label, to);
      if (after < 0 || (label > 0 && after === 0)) return before === after ? from : from + ((to - from) * before) / (before - after);
      [from, before] = [to, after];
    }
    const previous = kinks.length > 1 ? kinks[kinks.length - 2] : 0;
    const slope = (before - margin(network, point, label, previous)) / (from - previous);
    return slope < 0 ? from - before / slope : Infinity;
  }

  Object.assign(kktnotes.mathematics, { margin, leastEta });

  const NAMES = { flow: "flow's network", robust: "robust network" };
  const TITLES = { flow: "gradient flow's network", robust: "robust network" };
  const STEPS = 500; // of the slider

  function build(root, data) {
    const { networks, cluster } = data;
    const label = cluster.map((q) => data.labels[q]);
    const points = cluster.map((_, i) => i);
    const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
    const scale = networks.map((one) => middle(points.map((i) => margin(one, i, label[i], 0))));
    const at = (place) => (data.top * place) / STEPS;
    const place = (size) => STEPS * clamp(size / data.top, 0, 1);
    const share = (one, size) => points.filter((i) => flipped(margin(one, i, label[i], size / data.length), label[i])).length;
    // Points of a cluster stand side by side in its column.
    const order = points.map((i) => points.filter((l) => l < i && cluster[l] === cluster[i]).length);
    const most = Math.max(...order) + 1;

    let drawn = null;
    const size = slider({
      label: "length of z, in units of √d", min: 0, max: STEPS, step: 1, value: 0,
      text: (v) => shown(at(v), 3),
      change: () => update(),
    });
    const flips = networks.map((one) => middle(points.map((i) => leastEta(one, i, label[i]))) * data.length);
    const jumps = networks.map((one, m) =>
      html("button", { type: "button", class: "kkt-button", click: () => {
        size.value = Math.ceil(place(flips[m] * 1.02));
        update();
      } }, `to where the ${NAMES[one.color]} gives way`)
    );
    const said = html("p", { class: "kkt-verdict", "aria-live": "polite", "aria-atomic": "true" });
    const panels = html("div", { class: "kkt-columns" });
    const curve = html("div", { class: "kkt-picture" });
    root.append(size.element, html("div", { class: "kkt-row" }, jumps), said, panels, curve);

    function layout(width) {
      const wide = width >= 560;
      const each = wide ? Math.floor((width - 20) / 2) : width;
      drawn = { panels: networks.map((one) => panel(one, each, wide ? 250 : 190)), cursor: shares(width) };
      panels.replaceChildren(...drawn.panels.map((one) => one.holder));
      update();
    }

    function panel(network, width, height) {
      const box = { left: 34, right: width - 6, top: 40, bottom: height - 36 };
      const x = linear([-0.5, data.k - 0.5], [box.left, box.right]);
      const y = linear([-1.3, 1.3], [box.bottom, box.top]);
      const plot = svg("svg", { width, height, role: "img" });
      const every = Math.ceil(data.k / 10);
      const columns = data.labels.map((_, q) => [q, String(q)]).filter(([q]) => q % every === 0);
      axes(plot, { x, y, box, xTicks: columns, yTicks: [[-1, "−1"], [0, "0"], [1, "1"]], xTitle: "cluster", yTitle: "margin, over its median at z = 0" });
      plot.append(
        svg("line", { class: "kkt-line kkt-bound kkt-thin", x1: box.left, x2: box.right, y1: y(0), y2: y(0) }),
        svg("text", { x: 0, y: 14, class: `kkt-name-${network.color}` }, TITLES[network.color])
      );
      const dots = points.map((i) => {
        const aside = ((order[i] + 0.5) / most - 0.5) * 0.8;
        return svg("circle", { cx: x(cluster[i] + aside).toFixed(1), r: data.k > 12 ? 2.4 : 3, class: `kkt-mark kkt-mark-${label[i] > 0 ? "positive" : "negative"}` });
      });
      plot.append(...dots);
      return { holder: html("div", { class: "kkt-picture" }, plot), plot, dots, y };
    }

    function shares(width) {
      const box = { left: 44, right: width - 12, top: 26, bottom: 112 };
      const x = linear([0, STEPS], [box.left, box.right]);
      const y = linear([0, 1], [box.bottom, box.top]);
      const plot = svg("svg", { width, height: 152, role: "img", "aria-label": "Share of points whose sign has changed, against the length of z, for both networks" });
      const marks = ticks([0, data.top], 6).map((one) => [place(one), shown(one, 2)]);
      axes(plot, { x, y, box, xTicks: marks, yTicks: [[0, "0 %"], [1, "100 %"]], xTitle: "length of z, in units of √d", yTitle: "share of signs changed" });
      networks.forEach((one, m) => {
        const line = Array.from({ length: 251 }, (_, i) => 2 * i).map((v) => [x(v), y(share(one, at(v)) / points.length)]);
        const first = one.color === "flow"; // its name stands to the right of its jump, the other's to the left
        plot.append(
          svg("polyline", { class: `kkt-line kkt-${one.color}`, points: joined(line) }),
          svg("text", { x: x(place(flips[m])) + (first ? 7 : -7), y: y(first ? 0.62 : 0.22), "text-anchor": first ? "start" : "end", class: `kkt-name-${one.color}` }, NAMES[one.color])
        );
      });
      const apart = x(place(data.apart));
      if (data.apart < data.top) {
        plot.append(
          svg("line", { class: "kkt-line kkt-bound kkt-dashed", x1: apart, x2: apart, y1: box.top, y2: box.bottom }),
          svg("text", { x: apart - 6, y: y(0.85), "text-anchor": "end", class: "kkt-name-bound" }, "from mean to mean")
        );
      }
      const cursor = svg("line", { class: "kkt-line kkt-extra", y1: box.top, y2: box.bottom });
      plot.append(cursor);
      drag(plot, (px) => {
        size.value = clamp(Math.round(x.invert(px)), 0, STEPS);
        update();
      });
      curve.replaceChildren(plot);
      return { cursor, x };
    }

    function update() {
      const now = at(size.value);
      const counts = networks.map((one) => share(one, now));
      const parts = networks.map((one, m) => `${counts[m]} of ${points.length} signs of the ${NAMES[one.color]}`);
      said.textContent = `At ‖z‖ = ${shown(now)} √d, ${parts.join(" and ")} have changed.`;
      if (!drawn) return;
      drawn.panels.forEach(({ plot, dots, y }, m) => {
        points.forEach((i) => {
          const value = margin(networks[m], i, label[i], now / data.length);
          dots[i].setAttribute("cy", y(clamp(value / scale[m], -1.27, 1.27)).toFixed(1));
          dots[i].classList.toggle("kkt-hollow", flipped(value, label[i]));
        });
        set(plot, { "aria-label": `Margins of ${points.length} fresh points of ${data.k} clusters, ${TITLES[networks[m].color]}: ${counts[m]} are below zero` });
      });
      set(drawn.cursor.cursor, { x1: drawn.cursor.x(size.value), x2: drawn.cursor.x(size.value) });
    }

    return layout;
  }

  kktnotes.figure("margins", build);
})();
