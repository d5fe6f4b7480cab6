/* The directions of the neurons along ln t: scrub, or play from the start to the limit. */
"use strict";

(function () {
  const { html, svg, set, shown, power, linear, joined, axes, slider, choices, drag, clamp } = kktnotes;
  const FRAME = 110; // milliseconds a moment
  const TURNED = 0.95;

  /** Return a neuron's cosine with the limit neuron of its own sign. */
  const own = (run, moment, j) => run.cosines[moment][j][run.signs[j] > 0 ? 0 : 1];

  /** Return how many of the neurons shown have a cosine of at least `least` with their own limit. */
  const aligned = (run, moment, least = TURNED) => run.signs.filter((_, j) => own(run, moment, j) >= least).length;

  Object.assign(kktnotes.mathematics, { aligned });

  function build(root, data) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)");
    let run = data.runs[0];
    let moment = 0;
    let playing = null;
    let width = 0;
    let drawn = null;

    const last = () => run.logTimes.length - 1;
    const when = (i) => (i > last() || run.logTimes[i] === null ? "the start" : `ln t = ${shown(run.logTimes[i])}`);
    const color = (j) => (run.signs[j] > 0 ? "positive" : "negative");
    const low = Math.min(-0.12, ...data.runs.flatMap((one) => one.cosines.flat(2))) - 0.03;
    const labels = [[0, "0"], [0.5, "0.5"], [1, "1"]];

    const time = slider({
      label: "time of the flow", min: 0, max: last(), step: 1, value: 0, text: when,
      change: (i) => {
        stop();
        update(i);
      },
    });
    const play = html("button", { type: "button", class: "kkt-button", click: () => (playing === null ? begin() : stop()) });
    const starts = choices({
      label: "start", options: data.runs.map((one) => one.name),
      change: (i) => {
        stop();
        run = data.runs[i];
        set(time.input, { max: last() });
        time.value = 0;
        layout(width, 0);
      },
    });
    const said = html("p", { class: "kkt-verdict", "aria-live": "polite", "aria-atomic": "true" });
    const plane = html("div", { class: "kkt-picture" });
    const curves = html("div", { class: "kkt-picture" });
    root.append(
      html("div", { class: "kkt-row" }, [play, data.runs.length > 1 ? starts : []].flat()),
      time.element,
      said,
      html("div", { class: "kkt-columns" }, [plane, curves])
    );
    const name = () => (play.textContent = still.matches ? "next moment" : playing === null ? "play" : "pause");
    name();
    still.addEventListener("change", () => {
      stop();
      name();
    });

    function begin() {
      if (still.matches) return go(moment === last() ? 0 : moment + 1);
      if (moment === last()) go(0);
      set(said, { "aria-live": "off" }); // not every moment is read out
      playing = setInterval(() => (moment < last() ? go(moment + 1) : stop()), FRAME);
      name();
    }

    function stop() {
      if (playing === null) return;
      clearInterval(playing);
      playing = null;
      set(said, { "aria-live": "polite" });
      name();
      update(moment);
    }

    function go(i) {
      time.value = i;
      update(i);
    }

    function layout(pixels, at = moment) {
      width = pixels;
      const wide = width >= 620;
      const side = wide ? Math.min(330, Math.floor(width * 0.45)) : Math.min(width, 330);
      drawn = { ...circle(side), ...chart(wide ? width - side - 20 : width, wide ? side + 26 : 230) };
      update(at);
    }

    function circle(side) {
      const box = { left: 34, right: side - 14, top: 30, bottom: side - 14 };
      const x = linear([low, 1.06], [box.left, box.right]);
      const y = linear([low, 1.06], [box.bottom, box.top]);
      const plot = svg("svg", { width: side, height: side + 26, role: "img" });
      axes(plot, { x, y, box, xTicks: labels, yTicks: labels, xTitle: "cosine with the limit neuron, v > 0", yTitle: "cosine with the limit neuron, v < 0" });
      const arc = Array.from({ length: 46 }, (_, i) => [x(Math.cos((i * Math.PI) / 90)), y(Math.sin((i * Math.PI) / 90))]);
      const star = (px, py) => svg("path", { class: "kkt-fill-flow", d: `M${px},${py - 8}l2.4,5.4 5.6,.6 -4.2,4 1.2,6 -5,-3.2 -5,3.2 1.2,-6 -4.2,-4 5.6,-.6z` });
      const trails = run.signs.map((_, j) => svg("polyline", { class: `kkt-line kkt-trail kkt-${color(j)}` }));
      const dots = run.signs.map((_, j) => svg("circle", { class: `kkt-dot kkt-fill-${color(j)}` }));
      plot.append(
        svg("polyline", { class: "kkt-line kkt-bound kkt-dashed", points: joined(arc) }),
        ...trails, star(x(1), y(0)), star(x(0), y(1)), ...dots,
        svg("text", { class: "kkt-name-positive", x: x(0.62), y: y(0) - 10 }, "v > 0"),
        svg("text", { class: "kkt-name-negative", x: x(0) + 10, y: y(0.62) }, "v < 0")
      );
      plane.replaceChildren(plot);
      return { plot, trails, dots, x, y };
    }

    function chart(wide, high) {
      const box = { left: 34, right: wide - 18, top: 30, bottom: high - 40 };
      const x = linear([0, last()], [box.left, box.right]);
      const y = linear([low, 1.06], [box.bottom, box.top]);
      const plot = svg("svg", { width: wide, height: high, role: "img", "aria-label": "Over time, the cosine of each neuron with its limit neuron, and from L < 1/n on the normalized margin as a part of the limit's" });
      const every = Math.max(1, Math.ceil(last() / ((box.right - box.left) / 48)));
      const marks = [[0, "start"]];
      for (let i = every; i <= last(); i += every) marks.push([i, shown(run.logTimes[i], 2)]);
      axes(plot, { x, y, box, xTicks: marks, yTicks: labels, xTitle: "ln t (recorded moments, evenly spaced)", yTitle: "cosine with the own limit neuron" });
      const at = x(run.separated - 0.5);
      const margin = run.margin.map((one, i) => [x(i), y(Math.max(one, low))]).slice(run.separated);
      const cursor = svg("line", { class: "kkt-line kkt-flow kkt-cursor", y1: box.top, y2: box.bottom });
      plot.append(
        svg("line", { class: "kkt-line kkt-bound kkt-dashed", x1: at, x2: at, y1: box.top, y2: box.bottom }),
        svg("text", { x: at + 6, y: y(low) - 8, class: "kkt-name-bound" }, "L < 1/n from here on"),
        ...run.signs.map((_, j) =>
          svg("polyline", { class: `kkt-line kkt-trail kkt-${color(j)}`, points: joined(run.logTimes.map((_, i) => [x(i), y(own(run, i, j))])) })
        ),
        svg("polyline", { class: "kkt-line kkt-flow", points: joined(margin) }),
        svg("text", { x: box.right, y: y(0) - 8, class: "kkt-name-flow", "text-anchor": "end" }, "bold: margin, as part of the limit's"),
        cursor
      );
      curves.replaceChildren(plot);
      drag(plot, (px) => {
        stop();
        go(Math.round(clamp(x.invert(px), 0, last())));
      });
      return { cursor, along: x };
    }

    function update(i) {
      moment = i;
      const count = aligned(run, i);
      const of = run.signs.length < run.width ? `${run.signs.length} shown of ${run.width}` : `${run.width}`;
      const loss = run.logLoss[i] / Math.LN10;
      said.textContent =
        `${i ? `At ${when(i)}` : "At the start"}, ${count} of ${of} neurons have turned (cosine at least ${TURNED}); ` +
        `the loss is ${loss > -3 ? shown(10 ** loss, 2) : `about ${power(Math.round(loss))}`}, ${i < run.separated ? "not yet" : "now"} below 1/n; the norm of the parameters is ${shown(run.norm[i], 2)}.`;
      if (!drawn) return;
      const { plot, trails, dots, x, y, cursor, along } = drawn;
      run.signs.forEach((_, j) => {
        const spot = run.cosines[i][j];
        const radius = clamp(3.5 * Math.sqrt(run.shares[i][j] * run.signs.length), 1.5, 9);
        set(dots[j], { cx: x(spot[0]).toFixed(2), cy: y(spot[1]).toFixed(2), r: radius.toFixed(2) });
        set(trails[j], { points: joined(run.cosines.slice(0, i + 1).map((one) => [x(one[j][0]), y(one[j][1])])) });
      });
      set(cursor, { x1: along(i), x2: along(i) });
      set(plot, { "aria-label": `Neurons in the plane of two limit neurons, ${when(i)}: ${count} of ${run.signs.length} have turned to their limit` });
    }

    return layout;
  }

  kktnotes.figure("directions", build);
})();
