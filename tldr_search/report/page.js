"use strict";
// Makes the drawing of the front answer questions. Everything is there without it, as a picture with its legend.
// Texts come ready from the data block and are set as text, never as HTML.
(() => {
  const NEAR = 14; // pixels around a mark that still mean it
  const BEHIND = { known: 2, trial: 4 }; // pixels by which these must be nearer than a winner to be meant
  const SHOWN_FOR = 2600; // milliseconds

  // ---- Copying ----

  const said = document.getElementById("said");
  let saidTimer = 0;

  function say(text) {
    said.textContent = text;
    clearTimeout(saidTimer);
    saidTimer = setTimeout(() => { said.textContent = ""; }, SHOWN_FOR);
  }

  // For pages without navigator.clipboard, as some browsers have it on file://.
  function copyByHand(text) {
    const before = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "offscreen";
    document.body.append(area);
    area.select();
    let done = false;
    try { done = document.execCommand("copy"); } catch { done = false; }
    area.remove();
    if (before) before.focus({ preventScroll: true });
    return done;
  }

  async function copy(text) {
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch { done = copyByHand(text); }
    say(done ? `copied ${text}` : `this browser does not let a page copy; mark it by hand: ${text}`);
  }

  for (const place of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "copy";
    button.setAttribute("aria-label", `copy ${place.dataset.copy}`);
    button.addEventListener("click", () => copy(place.dataset.copy));
    place.append(" ", button);
  }

  // ---- Paper has no switches: what is folded away is printed, too ----

  const folded = new Set();
  function unfold() { for (const d of document.querySelectorAll("details:not([open])")) { folded.add(d); d.open = true; } }
  function fold() { for (const d of folded) d.open = false; folded.clear(); }
  addEventListener("beforeprint", unfold);
  addEventListener("afterprint", fold);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? unfold() : fold()));

  // What a link leads to is opened.
  for (const link of document.querySelectorAll("nav a")) {
    link.addEventListener("click", () => { const target = document.querySelector(link.hash); if (target.matches("details")) target.open = true; });
  }

  // ---- The front ----

  const figure = document.getElementById("front-figure");
  const data = JSON.parse(document.getElementById("front-data").textContent);
  const off = new Set(); // switched off: `m0`, `trial`, `known`, `published`
  const drawings = [...figure.querySelectorAll(".drawing")].map(drawing);

  // One of the two drawings (wide, narrow); a stylesheet shows one of them.
  function drawing(box) {
    const svg = box.querySelector("svg");
    const marks = new Map();
    for (const [id, mark] of Object.entries(data.marks)) {
      const element = svg.getElementById(`${box.dataset.prefix}-${id}`);
      if (element) marks.set(id, { id, element, ...mark });
    }
    const chart = { box, svg, marks, shown: null, finger: false, centres: null, tip: addTip(box), ring: addRing(box) };
    for (const mark of marks.values()) if (mark.kind !== "trial") makeReachable(chart, mark);
    const first = data.rows.flat().find((id) => marks.has(id));
    if (first) marks.get(first).element.setAttribute("tabindex", "0");
    box.setAttribute("role", "group");
    box.setAttribute("aria-roledescription", "interactive chart");
    svg.addEventListener("pointerdown", (event) => { chart.finger = event.pointerType === "touch"; });
    svg.addEventListener("pointermove", (event) => show(chart, nearest(chart, event)));
    svg.addEventListener("pointerleave", () => show(chart, focused(chart)));
    svg.addEventListener("click", (event) => pick(chart, event));
    svg.addEventListener("keydown", (event) => press(chart, event));
    return chart;
  }

  function addTip(box) {
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    box.append(tip);
    return tip;
  }

  function addRing(box) {
    const ring = document.createElement("div");
    ring.className = "ring";
    ring.hidden = true;
    box.append(ring);
    return ring;
  }

  function makeReachable(chart, mark) {
    const { element } = mark;
    element.setAttribute("tabindex", "-1");
    element.setAttribute("role", mark.copy ? "button" : "img");
    element.setAttribute("aria-label", [mark.title, ...mark.lines, mark.copy && `schedule ${mark.copy}`].filter(Boolean).join("; "));
    element.addEventListener("focus", () => show(chart, mark));
    element.addEventListener("blur", () => show(chart, null));
  }

  const isOff = (mark) => off.has(mark.of) || off.has(mark.kind);
  const focused = (chart) => [...chart.marks.values()].find((mark) => mark.element === document.activeElement) ?? null;

  // Centres of the visible marks, in pixels from the corner of the drawing; measured once until something moves.
  function centres(chart) {
    if (chart.centres) return chart.centres;
    const corner = chart.box.getBoundingClientRect();
    chart.centres = [...chart.marks.values()].filter((mark) => !isOff(mark)).map((mark) => {
      const r = mark.element.getBoundingClientRect();
      return { mark, x: r.left + r.width / 2 - corner.left, y: r.top + r.height / 2 - corner.top };
    });
    return chart.centres;
  }

  function nearest(chart, event) {
    const corner = chart.box.getBoundingClientRect();
    const [x, y] = [event.clientX - corner.left, event.clientY - corner.top];
    let best = null, least = Infinity;
    for (const c of centres(chart)) {
      const distance = Math.hypot(c.x - x, c.y - y);
      const rank = distance + (BEHIND[c.mark.kind] ?? 0);
      if (distance <= NEAR && rank < least) [best, least] = [c.mark, rank];
    }
    return best;
  }

  function show(chart, mark) {
    if (chart.shown === mark) return;
    chart.shown = mark;
    chart.svg.style.cursor = mark && mark.copy ? "pointer" : "";
    chart.tip.hidden = chart.ring.hidden = !mark;
    if (!mark) return;
    const at = centres(chart).find((c) => c.mark === mark);
    chart.tip.replaceChildren(part("strong", mark.title), ...(mark.copy ? [part("code", mark.copy)] : []),
      ...mark.lines.map((line) => part("span", line)), ...(mark.copy ? [part("em", chart.finger ? "tap again to copy the schedule" : "click or Enter copies the schedule")] : []));
    chart.ring.style.left = `${at.x}px`;
    chart.ring.style.top = `${at.y}px`;
    place(chart, at);
  }

  function part(tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }

  // Above the mark, or below it where there is no room; never beyond the sides.
  function place({ box, tip }, at) {
    const gap = 16;
    const left = Math.max(0, Math.min(at.x - tip.offsetWidth / 2, box.clientWidth - tip.offsetWidth));
    const above = at.y - tip.offsetHeight - gap;
    tip.style.left = `${left}px`;
    tip.style.top = `${above + box.getBoundingClientRect().top > 0 ? above : at.y + gap}px`;
  }

  // A finger has no hover: its first tap shows, its second copies.
  function pick(chart, event) {
    const mark = nearest(chart, event);
    const known = event.pointerType !== "touch" || chart.tapped === mark;
    chart.tapped = mark;
    show(chart, mark);
    if (mark && mark.copy && known) copy(mark.copy);
  }

  function press(chart, event) {
    chart.finger = false;
    const mark = focused(chart);
    if (!mark || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Home: [-Infinity, 0], End: [Infinity, 0] };
    if (event.key === "Escape") show(chart, null);
    else if (event.key === "Enter" || event.key === " ") { if (mark.copy) copy(mark.copy); }
    else if (steps[event.key]) focusMark(chart, mark, neighbour(chart, mark, ...steps[event.key]));
    else return;
    event.preventDefault();
  }

  // Along its line, or the nearest in price on the next line that is switched on.
  function neighbour(chart, mark, along, across) {
    const rows = data.rows.map((row) => row.map((id) => chart.marks.get(id)).filter((m) => m && !isOff(m))).filter((row) => row.length);
    const y = rows.findIndex((row) => row.includes(mark));
    if (across) {
      const row = rows[(y + across + rows.length) % rows.length];
      return row.reduce((best, m) => (Math.abs(m.price - mark.price) < Math.abs(best.price - mark.price) ? m : best));
    }
    const x = rows[y].indexOf(mark) + along;
    return rows[y][Math.max(0, Math.min(x, rows[y].length - 1))];
  }

  // One stop for Tab: the mark that was visited last.
  function focusMark(chart, from, to) {
    from.element.setAttribute("tabindex", "-1");
    to.element.setAttribute("tabindex", "0");
    to.element.focus();
  }

  // ---- Switches ----

  // `m2` of `wide-m2-dot-0`, and its kind; marks that the data knows say it themselves, and `knee-label` belongs to `knee`.
  function belongs(prefix, id) {
    const gid = id.slice(prefix.length + 1);
    const [, of = "", kind = ""] = gid.match(/^(m\d+)-([a-z]+)/) ?? [];
    return data.marks[gid] ?? data.beside[gid.split("-")[0]] ?? { of, kind };
  }

  function redraw() {
    for (const chart of drawings) {
      show(chart, null);
      chart.centres = null;
      for (const element of chart.svg.querySelectorAll("g[id]")) {
        element.classList.toggle("off", isOff(belongs(chart.box.dataset.prefix, element.id)));
      }
      restop(chart);
    }
  }

  // The stop for Tab must not be a mark that is switched off.
  function restop(chart) {
    const reachable = data.rows.flat().map((id) => chart.marks.get(id)).filter(Boolean);
    const stop = reachable.find((m) => m.element.getAttribute("tabindex") === "0");
    if (stop && !isOff(stop)) return;
    if (stop) stop.element.setAttribute("tabindex", "-1");
    const next = reachable.find((m) => !isOff(m));
    if (next) next.element.setAttribute("tabindex", "0");
  }

  for (const label of figure.querySelectorAll("[data-switch]")) {
    const box = document.createElement("input");
    box.type = "checkbox";
    box.checked = true;
    box.addEventListener("change", () => {
      if (box.checked) off.delete(label.dataset.switch); else off.add(label.dataset.switch);
      redraw();
    });
    label.prepend(box);
  }
  figure.classList.add("live");
  addEventListener("resize", () => { for (const chart of drawings) { show(chart, null); chart.centres = null; } });
})();
