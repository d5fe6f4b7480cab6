/* The map of Assumption 2.2: move d, k and sigma, and read which term breaks. */
"use strict";

(function () {
  const { html, svg, set, shown, whole, power, linear, clamp, joined, axes, slider, drag } = kktnotes;

  /** Return s = 4 sigma sqrt(d) ln d, the room for noise. */
  const noiseRoom = (d, sigma) => 4 * sigma * Math.sqrt(d) * Math.log(d);

  /** Return the room left, relative to the larger side (`kktnotes.terms.Term.slack`). */
  function slack(left, relation, right) {
    if (left === right) return 0;
    const relative = (right - left) / Math.max(Math.abs(left), Math.abs(right));
    return relation[0] === "<" ? relative : -relative;
  }

  /** Return the terms of Assumption 2.2 for means of norm sqrt(d), c their largest inner product. */
  function assumption({ k, d, sigma, c }) {
    const s = noiseRoom(d, sigma);
    const term = (name, left, relation, right) => {
      const room = slack(left, relation, right);
      return { name, left, relation, right, slack: room, holds: relation === ">" ? room > 0 : room >= 0 };
    };
    return [
      term("sigma positive", sigma, ">", 0),
      term("sigma", sigma, "<=", 1),
      term("correlation", k * (c + s + 1), "<=", (d - s + 1) / 10),
    ];
  }

  /** Return the k, not rounded, at which the third item has this slack. */
  function level(d, sigma, c, left = 0) {
    const s = noiseRoom(d, sigma);
    return ((1 - left) * (d - s + 1)) / (10 * (c + s + 1));
  }

  /** Return the least whole d from which on it holds, or Infinity; sigma and c are functions of d. */
  function leastDimension(k, sigma, c) {
    const holds = (d) => assumption({ k, d, sigma: sigma(d), c: c(d) }).every((one) => one.holds);
    let high = 1;
    while (!holds(high)) if ((high *= 2) > 1e15) return Infinity;
    let low = Math.floor(high / 2);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (holds(middle)) high = middle;
      else low = middle;
    }
    return high;
  }

  Object.assign(kktnotes.mathematics, { assumption, leastDimension, mostClusters: level });

  const DIMENSIONS = [2, 14]; // powers of ten
  const CLUSTERS = [...new Set(Array.from({ length: 200 }, (_, i) => Math.round(2 * 5000 ** (i / 199))))];
  const NAMES = { "sigma positive": "noise above 0", sigma: "noise at most 1", correlation: "correlation" };

  function build(root, data) {
    const state = { d: data.d, k: data.k, sigma: data.sigma, tied: false, share: 0 };
    const sigmaAt = (d) => (state.tied ? 1 / Math.sqrt(d) : state.sigma);
    const cAt = (d) => state.share * d;
    const near = (k) => CLUSTERS.reduce((best, one, i) => (Math.abs(one - k) < Math.abs(CLUSTERS[best] - k) ? i : best), 0);

    const sliders = {
      d: slider({
        label: "dimension d", min: DIMENSIONS[0], max: DIMENSIONS[1], step: 0.01, value: Math.log10(data.d),
        text: (v) => whole(Math.round(10 ** v)),
        change: (v) => update({ d: Math.round(10 ** v) }),
      }),
      k: slider({
        label: "clusters k", min: 0, max: CLUSTERS.length - 1, step: 1, value: near(data.k),
        text: (v) => whole(CLUSTERS[v]),
        change: (v) => update({ k: CLUSTERS[v] }),
      }),
      sigma: slider({
        label: "noise level σ", min: -7, max: 0.3, step: 0.01, value: Math.log10(data.sigma),
        text: (v) => shown(state.tied ? sigmaAt(state.d) : 10 ** v),
        change: (v) => update({ sigma: 10 ** v }),
      }),
    };
    const tie = html("input", { type: "checkbox", change: () => update({ tied: tie.checked }) });
    const means = html(
      "select",
      { change: () => update({ share: Number(means.value) }) },
      [[0, "orthogonal, c = 0"], [0.001, "c = d/1,000"], [0.01, "c = d/100"], [0.05, "c = d/20"]].map(([value, name]) =>
        html("option", { value }, name)
      )
    );
    const home = html("button", { type: "button", class: "kkt-button", click: () => {
      tie.checked = false;
      means.value = 0;
      sliders.k.value = near(data.k);
      sliders.d.value = Math.log10(data.d);
      sliders.sigma.value = Math.log10(data.sigma);
      update({ d: data.d, k: data.k, sigma: data.sigma, tied: false, share: 0 });
    } }, "back to this run");
    const verdict = html("p", { class: "kkt-verdict", "aria-live": "polite", "aria-atomic": "true" });
    const body = html("tbody");
    const table = html("table", { class: "kkt-terms" }, [
      html("thead", {}, html("tr", {}, ["term", "compared", "slack"].map((name) => html("th", { scope: "col" }, name)))),
      body,
    ]);
    const advice = html("p", { class: "kkt-note" });
    const picture = html("div", { class: "kkt-picture" });
    root.append(
      html("div", { class: "kkt-columns" }, [
        picture,
        html("div", { class: "kkt-side" }, [
          sliders.d.element, sliders.k.element, sliders.sigma.element,
          html("div", { class: "kkt-row" }, [
            html("label", {}, [tie, " tie σ to 1/√d"]),
            html("label", {}, ["means: ", means]),
            home,
          ]),
        ]),
      ]),
      verdict, table, advice
    );

    let drawn = null;

    function layout(width) {
      const wide = width >= 620;
      const size = { width: wide ? Math.floor(width * 0.56) : width, height: wide ? 330 : 280 };
      const box = { left: 38, right: size.width - 10, top: 26, bottom: size.height - 42 };
      const x = linear(DIMENSIONS, [box.left, box.right]);
      const y = linear([Math.log10(2), 4], [box.bottom, box.top]);
      const chart = svg("svg", { width: size.width, height: size.height, role: "img" });
      const areas = [0, 0.5, 0.9].map(() => svg("polygon", { class: "kkt-holds" }));
      chart.append(...areas);
      axes(chart, {
        x, y, box, xTitle: "dimension d", yTitle: "clusters k",
        xTicks: [2, 4, 6, 8, 10, 12, 14].map((e) => [e, power(e)]),
        yTicks: [[Math.log10(2), "2"], [1, "10"], [2, "100"], [3, power(3)], [4, power(4)]],
      });
      const border = svg("polyline", { class: "kkt-line kkt-robust" });
      const ghost = svg("polyline", { class: "kkt-line kkt-bound kkt-dashed" });
      const holds = svg("text", { x: box.right - 8, y: box.bottom - 8, class: "kkt-name-robust", "text-anchor": "end" }, "holds");
      const fails = svg("text", { x: box.left + 8, y: box.top + 16, class: "kkt-name-bound" }, "fails");
      const remember = svg("text", { class: "kkt-name-bound", "text-anchor": "end" }, "this run's border");
      const cross = svg("path", { class: "kkt-line kkt-bound kkt-dashed" });
      const dot = svg("circle", { r: 8, class: "kkt-handle" });
      chart.append(ghost, border, holds, fails, remember, cross, dot);
      picture.replaceChildren(chart);
      drag(chart, (px, py) => {
        sliders.d.value = clamp(x.invert(px), ...DIMENSIONS);
        const i = near(10 ** clamp(y.invert(py), Math.log10(2), 4));
        sliders.k.value = i;
        update({ d: Math.round(10 ** sliders.d.value), k: CLUSTERS[i] });
      });
      drawn = { chart, areas, ghost, remember, holds, border, cross, dot, x, y, box };
      const first = region(0, () => data.sigma, () => 0);
      set(ghost, { points: joined(first.filter((one) => one[2] >= 2 && one[2] <= 1e4)) });
      const place = first.find((one) => one[2] >= 3000) || first[first.length - 1];
      set(remember, { x: place[0] - 6, y: place[1] });
      update({});
    }

    function region(left, sigma = sigmaAt, c = cAt) {
      const { x, y } = drawn;
      const points = [];
      for (let e = DIMENSIONS[0]; e <= DIMENSIONS[1] + 1e-9; e += 0.05) {
        const d = 10 ** e;
        const k = sigma(d) <= 1 ? level(d, sigma(d), c(d), left) : 0;
        points.push([x(e), y(clamp(Math.log10(Math.max(k, 1e-9)), Math.log10(2), 4)), k]);
      }
      return points;
    }

    function update(change) {
      Object.assign(state, change);
      if (state.tied) set(sliders.sigma.input, { disabled: true });
      else sliders.sigma.input.removeAttribute("disabled");
      sliders.sigma.show();
      const now = { k: state.k, d: state.d, sigma: sigmaAt(state.d), c: cAt(state.d) };
      const terms = assumption(now);
      const failing = terms.filter((one) => !one.holds);
      const reason = { sigma: "the noise level is above 1", correlation: `the third item breaks (slack ${shown(terms[2].slack)}), too many clusters for this dimension and noise` };
      verdict.textContent = failing.length
        ? `✗ Assumption 2.2 fails: ${failing.map((one) => reason[one.name]).join(", and ")}.`
        : `✓ Assumption 2.2 holds; its third item has a slack of ${shown(terms[2].slack)}.`;
      verdict.classList.toggle("kkt-fails", failing.length > 0);
      const s = noiseRoom(now.d, now.sigma);
      const sides = {
        "sigma positive": `${shown(now.sigma)} > 0`,
        sigma: `${shown(now.sigma)} ≤ 1`,
        correlation: `k (c + s + 1) = ${whole(now.k)} (${shown(now.c)} + ${shown(s)} + 1) = ${shown(terms[2].left)} ${terms[2].holds ? "≤" : ">"} ${shown(terms[2].right)} = (d − s + 1)/10`,
      };
      body.replaceChildren(
        row("norm of the means", "√d = √d, by construction", 0, true, "0"),
        ...terms.map((one) => row(NAMES[one.name], sides[one.name], one.slack, one.holds, shown(one.slack)))
      );
      const least = leastDimension(now.k, sigmaAt, cAt);
      const most = now.sigma <= 1 ? Math.floor(level(now.d, now.sigma, now.c)) : 0;
      advice.textContent =
        (Number.isFinite(least)
          ? `With these clusters and this noise it holds from d = ${whole(least)} on`
          : "With these clusters and this noise it holds at no d up to 10¹⁵") +
        (most >= 2 ? `; at this d, for up to k = ${whole(most)} clusters.` : "; at this d, for no number of clusters.") +
        (now.k > now.d ? " More than d orthogonal means there are not." : "");
      if (!drawn) return;
      const { chart, areas, ghost, remember, holds, border, cross, dot, x, y, box } = drawn;
      [0, 0.5, 0.9].forEach((left, i) => {
        const line = region(left);
        set(areas[i], { points: joined([[x(DIMENSIONS[0]), box.bottom], ...line, [x(DIMENSIONS[1]), box.bottom]]) });
        if (!i) set(border, { points: joined(line.filter((one) => one[2] >= 2 && one[2] <= 1e4)) });
      });
      const moved = state.tied || state.sigma !== data.sigma || state.share !== 0;
      for (const one of [ghost, remember]) set(one, { visibility: moved ? "visible" : "hidden" });
      set(holds, { visibility: region(0).some((one) => one[2] >= 2) ? "visible" : "hidden" });
      const [px, py] = [x(Math.log10(state.d)), y(Math.log10(state.k))];
      set(cross, { d: `M${box.left},${py}H${px}V${box.bottom}` });
      set(dot, { cx: px, cy: py, class: `kkt-handle ${failing.length ? "kkt-handle-fails" : "kkt-handle-holds"}` });
      set(chart, { "aria-label": `Map of dimension and number of clusters. The point d = ${whole(state.d)}, k = ${whole(state.k)} lies where the assumption ${failing.length ? "fails" : "holds"}.` });
    }

    function row(name, sides, room, holds, said) {
      const bar = svg("svg", { width: 84, height: 12, "aria-hidden": "true" }, [
        svg("rect", { x: 0, y: 5, width: 84, height: 2, class: "kkt-track" }),
        svg("rect", { x: 42 + Math.min(0, 42 * room), y: 1, width: Math.max(Math.abs(42 * room), 1), height: 10, class: holds ? "kkt-fill-robust" : "kkt-fill-negative" }),
        svg("rect", { x: 41.5, y: 0, width: 1, height: 12, class: "kkt-zero" }),
      ]);
      return html("tr", {}, [
        html("th", { scope: "row" }, `${holds ? "✓" : "✗"} ${name}`),
        html("td", {}, sides),
        html("td", {}, [bar, html("span", { class: "kkt-number" }, said)]),
      ]);
    }

    return layout;
  }

  kktnotes.figure("assumption-map", build);
})();
