/* Both networks in the plane of a point's own mean and u, with a point to be moved by hand. */
"use strict";

(function () {
  const { html, svg, set, shown, linear, joined, axes, choices, drag, clamp, mathematics } = kktnotes;
  const TITLES = { flow: "gradient flow's network", robust: "robust network" };
  const VIEW = [-0.35, 1.45, -1.2, 0.6]; // in units of sqrt(d)
  const FAR = 8; // how far the plane is searched for a place of the other sign
  const STEP = 0.02;

  /** Return the networks of a plane with the pieces on which they are affine. */
  function cut(plane) {
    const square = [[-FAR, -FAR], [FAR, -FAR], [FAR, FAR], [-FAR, FAR]];
    return plane.networks.map((one) => {
      const size = Math.abs(mathematics.output(one, plane.point));
      const found = mathematics.pieces(one, square);
      return { ...one, size, found, parts: mathematics.signs(found, size) };
    });
  }

  function build(root, { planes }) {
    let data = planes[0];
    let networks = cut(data);
    let point = [...data.point];
    let panels = [];
    let width = 0;
    const home = () => Math.hypot(point[0] - data.point[0], point[1] - data.point[1]) < 1e-9;

    const said = html("p", { class: "kkt-verdict", "aria-live": "polite", "aria-atomic": "true" });
    const body = html("tbody");
    const table = html("table", { class: "kkt-terms kkt-distances" }, [
      html("thead", {}, html("tr", {}, ["network", "sign here", "nearest other sign in this plane", "in all of ℝᵈ"].map((name) => html("th", { scope: "col" }, name)))),
      body,
    ]);
    const pictures = html("div", { class: "kkt-columns" });
    const button = (text, click) => html("button", { type: "button", class: "kkt-button", click }, text);
    const length = 1.1 / data.k;
    root.append(
      html("div", { class: "kkt-row" }, [
        button("add the perturbation z", () => move(point.map((one, i) => one - data.label * length * data.direction[i]))),
        button("back to the data point", () => move(data.point)),
        planes.length > 1 ? choices({ label: "data point", options: planes.map((one) => `label ${one.label > 0 ? "+1" : "−1"}`), change: choose }) : [],
      ].flat()),
      said, pictures, table
    );

    function choose(i) {
      data = planes[i];
      networks = cut(data);
      point = [...data.point];
      layout(width);
    }

    function move(to) {
      point = [clamp(to[0], VIEW[0], VIEW[1]), clamp(to[1], VIEW[2], VIEW[3])];
      update();
    }

    function press(event) {
      const step = event.shiftKey ? 5 * STEP : STEP;
      const steps = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.key === "Home") move(data.point);
      else if (event.key in steps) move(point.map((one, i) => one + steps[event.key][i]));
      else return;
      event.preventDefault();
    }

    function layout(pixels) {
      width = pixels;
      const wide = width >= 560;
      const each = wide ? Math.floor((width - 20) / 2) : Math.min(width, 360);
      panels = networks.map((one, m) => panel(one, each, m));
      pictures.replaceChildren(...panels.map((one) => one.holder));
      update();
    }

    function panel(network, width, m) {
      const box = { left: 34, right: width - 8, top: 42 };
      box.bottom = box.top + (box.right - box.left) * ((VIEW[3] - VIEW[2]) / (VIEW[1] - VIEW[0]));
      const x = linear(VIEW.slice(0, 2), [box.left, box.right]);
      const y = linear(VIEW.slice(2), [box.bottom, box.top]);
      const plot = svg("svg", { width, height: box.bottom + 42, role: "group", "aria-label": TITLES[network.color] });
      const id = `kkt-clip-${m}-${Math.random().toString(36).slice(2)}`;
      plot.append(svg("clipPath", { id }, svg("rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top })));
      const inside = svg("g", { "clip-path": `url(#${id})`, "aria-hidden": "true" });
      const place = (polygon) => joined(polygon.map(([px, py]) => [x(px), y(py)]));
      for (const kind of ["positive", "negative", "flat"]) {
        for (const polygon of network.parts[kind]) inside.append(svg("polygon", { class: `kkt-field kkt-field-${kind}`, points: place(polygon) }));
      }
      for (const { polygon, f } of network.found) {
        for (const level of [-2, -1.5, -1, -0.5, 0.5, 1, 1.5, 2]) {
          const line = mathematics.crossing(polygon, f, level * network.size);
          if (line) inside.append(svg("polyline", { class: "kkt-level", points: place(line) }));
        }
      }
      for (const line of network.parts.border) inside.append(svg("polyline", { class: `kkt-line kkt-${network.color}`, points: place(line) }));
      const ends = [-3, 3].map((t) => data.point.map((one, i) => one + t * data.direction[i] / Math.hypot(...data.direction)));
      const along = svg("polyline", { class: "kkt-line kkt-bound kkt-dashed", points: place(ends) });
      const means = data.means.map((one, q) => svg("path", { class: `kkt-mark kkt-mark-${data.labels[q] > 0 ? "positive" : "negative"} ${q === data.cluster ? "" : "kkt-hollow"}`, d: `M${x(one[0])},${y(one[1]) - 4}l4,4 -4,4 -4,-4z` }));
      const start = svg("circle", { cx: x(data.point[0]), cy: y(data.point[1]), r: 4, class: "kkt-start" });
      const ring = svg("circle", { class: "kkt-line kkt-bound kkt-thin" });
      const reach = svg("line", { class: "kkt-line kkt-flow" });
      const end = svg("path", { class: "kkt-line kkt-flow" });
      inside.append(along, ...means, ring, start, reach, end);
      axes(plot, { x, y, box, xTicks: [[0, "0"], [0.5, "0.5"], [1, "1"]], yTicks: [[-1, "−1"], [-0.5, "−0.5"], [0, "0"], [0.5, "0.5"]], xTitle: "along the own mean, in √d", yTitle: `along the rest of ${data.label > 0 ? "" : "−"}u, in √d` });
      plot.append(inside, svg("text", { x: 0, y: 14, class: `kkt-name-${network.color}` }, TITLES[network.color]));
      const handle = svg("g", {
        class: "kkt-grip", tabindex: 0, role: "slider",
        "aria-label": `movable point, ${TITLES[network.color]}; arrow keys move it, Home brings it back`,
        "aria-valuemin": VIEW[0], "aria-valuemax": VIEW[1], keydown: press,
      }, [
        svg("circle", { r: 22, class: "kkt-hit" }), // wide enough for a finger
        svg("circle", { r: 9, class: `kkt-handle kkt-handle-${data.label > 0 ? "positive" : "negative"}` }),
      ]);
      plot.append(handle);
      drag(plot, (px, py) => move([x.invert(px), y.invert(py)]), handle);
      return { holder: html("div", { class: "kkt-picture" }, plot), handle, ring, reach, end, x, y };
    }

    function update() {
      const rows = networks.map((network) => ({ network, ...mathematics.nearestFlip(network, network.parts, point) }));
      const where = `${shown(point[0], 2)} along the own mean, ${shown(point[1], 2)} along the rest of u`;
      const sign = (one) => (one > 0 ? "+1" : "−1");
      said.textContent = (home() ? "At the data point: " : `At ${where}: `) +
        rows.map((one) => `${one.network.color === "flow" ? "flow's network" : "robust network"} says ${sign(one.sign)}${one.sign === data.label ? "" : " (changed)"}, and ${shown(one.distance, 2)} √d away in this plane it says ${sign(-one.sign)}`).join("; ") + ".";
      body.replaceChildren(...rows.map((one) =>
        html("tr", {}, [
          html("th", { scope: "row" }, TITLES[one.network.color]),
          html("td", {}, `${sign(one.sign)}${one.sign === data.label ? "" : ", changed"}`),
          html("td", {}, `${shown(one.distance)} √d`),
          html("td", {}, home() ? `${shown(one.network.radius)} √d, exact` : `at most ${shown(one.distance)} √d`),
        ])
      ));
      panels.forEach(({ handle, ring, reach, end, x, y }, m) => {
        const { distance, point: near, sign: now } = rows[m];
        const [px, py, nx, ny] = [x(point[0]), y(point[1]), x(near ? near[0] : point[0]), y(near ? near[1] : point[1])];
        set(handle, { transform: `translate(${px},${py})`, "aria-valuenow": point[0].toFixed(2), "aria-valuetext": `${where}: sign ${sign(now)}, nearest other sign in this plane ${shown(distance, 2)} √d away` });
        set(ring, { cx: px, cy: py, r: Number.isFinite(distance) ? x(distance) - x(0) : 0 });
        set(reach, { x1: px, y1: py, x2: nx, y2: ny });
        set(end, { d: `M${nx - 5},${ny - 5}l10,10m0,-10l-10,10` });
      });
    }

    return layout;
  }

  kktnotes.figure("plane", build);
})();
