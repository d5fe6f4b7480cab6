/* What the interactive figures share: elements, scales, sliders, pointers, and how they start.

A page holds each figure as a static picture, and beside it the data of the run as JSON. Where this
script runs, the picture is replaced on the screen; without it, and in print, the picture stays.
Nothing is fetched: the pages work from the disk. */
"use strict";

window.kktnotes = (function () {
  const SVG = "http://www.w3.org/2000/svg";
  const builders = {};

  function make(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value !== null && value !== undefined && value !== false) {
        element.setAttribute(name, value === true ? "" : value);
      }
    }
    element.append(...[children === undefined ? [] : children].flat());
    return element;
  }

  /** Return an HTML element; attributes that are functions become listeners. */
  const html = (name, attributes, children) =>
    make(document.createElement(name), attributes, children);

  /** Return an SVG element. */
  const svg = (name, attributes, children) =>
    make(document.createElementNS(SVG, name), attributes, children);

  const set = (element, attributes) => make(element, attributes);

  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const power = (exponent) => "10" + [...String(exponent)].map((one) => SUPERSCRIPTS[one]).join("");

  /** Return a number as prose shows it: three digits, a power of ten if very large or small. */
  function shown(value, digits = 3) {
    if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "not defined";
    const size = Math.abs(value);
    if (value === 0 || (size >= 1e-3 && size < 1e6)) {
      return Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumFractionDigits: 12 }).replace("-", "−");
    }
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const exact = Number(mantissa) === 1 && digits > 1 && Number(`1e${Number(exponent)}`) === value;
    return (exact ? "" : `${mantissa} × `).replace("-", "−") + power(Number(exponent));
  }

  /** Return a whole number with separators, as a power of ten beyond a billion. */
  const whole = (value) =>
    Math.abs(value) < 1e9 ? Math.round(value).toLocaleString("en-US").replace("-", "−") : shown(value);

  /** Return a linear map of one interval to another. */
  function linear([a, b], [from, to]) {
    const scale = (value) => from + ((value - a) / (b - a)) * (to - from);
    scale.invert = (place) => a + ((place - from) / (to - from)) * (b - a);
    return scale;
  }

  /** Return round numbers in an interval, about `count` of them. */
  function ticks([low, high], count = 5) {
    const raw = (high - low) / count;
    const unit = 10 ** Math.floor(Math.log10(raw));
    const step = unit * [1, 2, 5, 10].find((one) => one * unit >= raw);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at += 1) found.push(at * step);
    return found;
  }

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

  /** Return the points as the `points` of a polyline. */
  const joined = (points) => points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(" ");

  /** Draw a frame with ticks, grid and titles; `x` and `y` are scales, ticks are [value, label]. */
  function axes(parent, { x, y, box, xTicks, yTicks, xTitle, yTitle }) {
    const group = svg("g", { class: "kkt-axes", "aria-hidden": "true" });
    for (const [value, label] of xTicks) {
      group.append(
        svg("line", { class: "kkt-grid", x1: x(value), x2: x(value), y1: box.top, y2: box.bottom }),
        svg("text", { x: x(value), y: box.bottom + 16, "text-anchor": "middle" }, label)
      );
    }
    for (const [value, label] of yTicks) {
      group.append(
        svg("line", { class: "kkt-grid", x1: box.left, x2: box.right, y1: y(value), y2: y(value) }),
        svg("text", { x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, label)
      );
    }
    group.append(
      svg("path", { class: "kkt-frame", d: `M${box.left},${box.top}V${box.bottom}H${box.right}` }),
      svg("text", { x: (box.left + box.right) / 2, y: box.bottom + 34, "text-anchor": "middle" }, xTitle),
      svg("text", { x: 0, y: box.top - 8 }, yTitle)
    );
    parent.append(group);
    return group;
  }

  let count = 0;

  /** Return a labelled slider: `.element`, `.value`; `text(value)` is shown and read out. */
  function slider({ label, min, max, step, value, text, change }) {
    const id = `kkt-slider-${(count += 1)}`;
    const said = html("output", { for: id, class: "kkt-value" });
    const input = html("input", { id, type: "range", min, max, step, value, input: () => moved() });
    const show = () => {
      said.textContent = text(Number(input.value));
      set(input, { "aria-valuetext": said.textContent });
    };
    const moved = () => {
      show();
      change(Number(input.value));
    };
    show();
    return {
      element: html("div", { class: "kkt-slider" }, [html("label", { for: id }, [label]), said, input]),
      input,
      show,
      get value() {
        return Number(input.value);
      },
      set value(next) {
        input.value = next;
        show();
      },
    };
  }

  /** Return a row of radio buttons, the first one chosen; `change(index)` on a choice. */
  function choices({ label, options, change }) {
    const name = `kkt-choice-${(count += 1)}`;
    return html("fieldset", { class: "kkt-choices" }, [
      html("legend", {}, label),
      ...options.map((option, i) =>
        html("label", {}, [html("input", { type: "radio", name, checked: i === 0, change: () => change(i) }), ` ${option}`])
      ),
    ]);
  }

  /** Call `move(x, y)`, in pixels of `element`, while a pointer is down on it.

  A finger that scrolls the page past the figure moves nothing: it has to tap, or to drag across the
  direction of scrolling; with a `handle` given, to drag that. */
  function drag(element, move, handle = element) {
    let held = null;
    const tell = (event) => {
      const frame = element.getBoundingClientRect();
      move(event.clientX - frame.left, event.clientY - frame.top);
    };
    const release = (event) => {
      if (event.pointerId === held) held = null;
    };
    set(element, {
      pointerdown: (event) => {
        const finger = event.pointerType === "touch";
        if (event.button || (finger && !handle.contains(event.target))) return;
        held = event.pointerId;
        element.setPointerCapture(held);
        if (!finger) tell(event);
      },
      pointermove: (event) => event.pointerId === held && tell(event),
      pointerup: release,
      pointercancel: release,
      click: tell,
    });
  }

  /** Say how a kind of figure is built: `build(root, data)` returns `layout(width)`. */
  function figure(kind, build) {
    builders[kind] = build;
  }

  /** Put a figure in the place of its static picture. */
  function start(script) {
    const build = builders[script.dataset.kind];
    const output = script.parentElement.querySelector(".cell_output figure, .cell_output");
    const picture = output && output.querySelector("img");
    if (!build || !picture) return;
    const root = html("div", {
      class: "kkt",
      role: "group",
      "data-kind": script.dataset.kind,
      "aria-label": script.dataset.label,
    });
    const still = picture.closest("a") || picture;
    still.before(root);
    let layout;
    try {
      layout = build(root, JSON.parse(script.textContent));
    } catch (error) {
      root.remove();
      throw error;
    }
    still.classList.add("kkt-static");
    let width = 0;
    const fit = () => {
      const now = Math.floor(root.clientWidth);
      if (now > 0 && now !== width) layout((width = now));
    };
    fit();
    new ResizeObserver(fit).observe(root);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("script.kktnotes-data").forEach(start);
  });

  return { html, svg, set, shown, whole, power, linear, ticks, clamp, joined, axes, slider, choices, drag, figure, mathematics: {} };
})();
