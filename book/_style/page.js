// Previews: hovering or focusing a link to a statement, an equation or a cited work shows a copy of
// it, which the build put into the page. Escape, leaving and scrolling away close it.
(() => {
  const copies = new Map();
  for (const copy of document.querySelectorAll("template[data-preview]")) {
    copies.set(copy.dataset.preview, copy);
  }
  const box = document.createElement("div");
  box.className = "preview";
  box.id = "preview";
  box.setAttribute("role", "tooltip");
  box.hidden = true;
  document.body.append(box);
  let link = null;
  let timer = 0;

  function hide() {
    clearTimeout(timer);
    link?.removeAttribute("aria-describedby");
    link = null;
    box.hidden = true;
  }

  function place() {
    const at = link.getBoundingClientRect();
    const left = Math.min(at.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    const above = at.bottom + box.offsetHeight + 8 > innerHeight && at.top > box.offsetHeight + 8;
    box.style.left = `${Math.max(8, left) + scrollX}px`;
    box.style.top = `${(above ? at.top - box.offsetHeight - 4 : at.bottom + 4) + scrollY}px`;
  }

  async function show(target) {
    hide();
    link = target;
    box.replaceChildren(copies.get(target.getAttribute("href")).content.cloneNode(true));
    if (window.MathJax?.typesetPromise) {
      MathJax.typesetClear?.([box]);
      await MathJax.typesetPromise([box]);
    }
    if (link !== target) return;
    box.hidden = false;
    place();
    link.setAttribute("aria-describedby", "preview");
  }

  for (const one of document.querySelectorAll("a.reference.internal")) {
    if (!copies.has(one.getAttribute("href"))) continue;
    one.removeAttribute("title");
    one.addEventListener("pointerenter", (event) => {
      clearTimeout(timer);
      if (event.pointerType === "mouse") timer = setTimeout(() => show(one), 200);
    });
    one.addEventListener("pointerleave", () => {
      clearTimeout(timer);
      timer = setTimeout(hide, 250);
    });
    one.addEventListener("focus", () => one.matches(":focus-visible") && show(one));
    one.addEventListener("blur", hide);
  }
  // The pointer may move onto the preview.
  box.addEventListener("pointerenter", () => clearTimeout(timer));
  box.addEventListener("pointerleave", () => (timer = setTimeout(hide, 250)));
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();

// The graph of the statements: the box under the pointer or the focus shows what it is joined to.
for (const graph of document.querySelectorAll(".statements-graph")) {
  const choose = (name) => {
    graph.classList.toggle("one-chosen", Boolean(name));
    const joined = new Set([name]);
    for (const edge of graph.querySelectorAll("path[data-from]")) {
      const own = edge.dataset.from === name || edge.dataset.to === name;
      edge.classList.toggle("chosen", own);
      if (own) joined.add(edge.dataset.from).add(edge.dataset.to);
    }
    for (const box of graph.querySelectorAll("a[data-name]")) {
      box.classList.toggle("chosen", joined.has(box.dataset.name));
    }
  };
  for (const box of graph.querySelectorAll("a[data-name]")) {
    for (const event of ["pointerenter", "focus"]) {
      box.addEventListener(event, () => choose(box.dataset.name));
    }
    for (const event of ["pointerleave", "blur"]) box.addEventListener(event, () => choose(null));
  }
}
