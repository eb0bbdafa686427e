/* What the person at the tablet sees: five faces, of which the touched one is the answer and kept
   at once; what could be better or was good; thanks; a question to whoever walked away; and the
   page staff set the tablet up on. */
"use strict";
const kiosk = (() => {
  const IDLE = 15, ASK = 20, CHANGE = 5, THANKS = 6, FRESH_HOURS = 12, DAY_MS = 86400000;
  const MOVED = "kiosk-moved", LAST = "kiosk-last";
  const { waiting, fact, revise } = kioskStorage, { sync, heard } = kioskSync;
  const byId = (id) => document.getElementById(id), all = (s) => document.querySelectorAll(s);
  const answer = byId("answer"), home = answer.dataset.home, state = byId("state");
  const words = (name) => byId("words").dataset[name];
  const partOf = (name) => document.querySelector(`[data-part="${name}"]`);
  /* The answer of who stands there now; it is in the queue already. */
  let item = null, clock, shown = "", line = Promise.resolve();

  /* Kept over a change of language, so that the least time between two answers is measured there
     too. */
  function sinceLast() {
    const moment = performance.timeOrigin + performance.now();
    const since = moment - Number(sessionStorage.getItem(LAST) || -Infinity);
    sessionStorage.setItem(LAST, moment);
    return since < 0 ? DAY_MS : Math.round(Math.min(since, DAY_MS));
  }

  function keep(fields, more = {}) {
    const version = Number(answer.dataset.version), language = document.documentElement.lang;
    const left = false;
    return kioskStorage.keep({ fields, since: sinceLast(), left, version, language, ...more });
  }

  function show(name) {
    shown = name;
    for (const part of all("[data-part]")) part.hidden = part.dataset.part !== name;
    const heads = all(`[data-part="${name}"] [tabindex="-1"]`);
    const head = Array.from(heads).find((one) => one.offsetParent !== null);
    if (head) head.focus({ preventScroll: true });
  }

  function after(seconds, act) {
    clearTimeout(clock);
    clock = setTimeout(act, seconds * 1000);
  }

  heard.withdrawn = async () => {
    clearTimeout(clock);
    await close(true);
    /* Who types a new code is not thrown out of it. */
    if (shown !== "enrol") show("withdrawn");
  };
  heard.restored = () => leave();
  heard.placed = () => name();
  heard.tried = async () => {
    const [oldest] = await waiting(1);
    const hours = oldest ? (Date.now() - oldest.kept) / 3600000 : 0;
    byId("unsent").hidden = hours < Number(words("warnHours"));
  };

  /* Whose counter this is, as the server last said. */
  async function name() {
    const me = await fact("me");
    byId("office").textContent = (me && me.office) || "";
    byId("counter").textContent = (me && me.counter) || "";
  }

  const level = () => item && item.fields.find(([field]) => field === "overall")[1];
  const isChosen = (field, value) =>
    Boolean(item) && item.fields.some(([one, other]) => one === field && other === value);

  /* The page as the answer is. */
  function paint() {
    for (const button of all("[data-field]")) {
      const { field, value } = button.dataset;
      button.setAttribute("aria-pressed", String(isChosen(field, value)));
    }
    for (const group of all("[data-when]")) {
      group.hidden = !item || !group.dataset.when.split(" ").includes(`when-${level()}`);
    }
    const face = item && document.querySelector(`[data-field="overall"][data-value="${level()}"]`);
    state.textContent = face ? words("kept").replace("%", face.textContent.trim()) : "";
    byId("touch").hidden = Boolean(face);
  }

  /* One change after the other: what is touched while the last is written waits for it. */
  function inLine(act) {
    line = line.then(act).then(() => {
      byId("told").textContent = "";
    }).catch(() => {
      byId("told").textContent = words("full");
    }).then(paint);
    return line;
  }

  const write = async (fields) => {
    item = (item && await revise(item, { fields })) || await keep(fields, { open: true });
  };

  const touchFace = (value) => inLine(async () => {
    await write([["overall", value]]);
    after(CHANGE, askMore);
  });

  /* ``single``: one answer of the question at a time. */
  const touchTile = (field, value, single) => inLine(async () => {
    if (!item) return;
    const others = item.fields.filter(([one, other]) =>
      one !== field || (!single && other !== value));
    await write(isChosen(field, value) ? others : [...item.fields, [field, value]]);
    after(IDLE, askWhetherThere);
  });

  async function askMore() {
    await line;
    if (!document.querySelector("[data-when]:not([hidden])")) return finish();
    show("more");
    return after(IDLE, askWhetherThere);
  }

  function askWhetherThere() {
    show("ask");
    after(ASK, leave);
  }

  /* ``left``: nobody said that this was all, so a method can tell these answers apart. What cannot
     be written here stays open, and is closed when the page begins anew. */
  function close(left) {
    return inLine(async () => {
      const closed = item;
      item = null;
      if (!closed) return;
      await revise(closed, { open: false, left });
      sync();
    });
  }

  async function finish() {
    await close(false);
    show("thanks");
    after(THANKS, reset);
  }

  async function leave() {
    await close(true);
    reset();
  }

  /* Who needs more time gets it, with an answer or without. */
  function stay() {
    if (item) return askMore();
    show("form");
    return after(2 * IDLE, askWhetherThere);
  }

  function reset() {
    clearTimeout(clock);
    if (kioskSync.isWithdrawn()) return;
    const stale = navigator.onLine && performance.now() > FRESH_HOURS * 3600000;
    if (stale || document.documentElement.lang !== home) {
      location.replace("/kiosk/");
      return;
    }
    document.querySelector("details").open = false;
    byId("told").textContent = "";
    scrollTo(0, 0);
    paint();
    show("form");
    if (item) after(CHANGE, askMore);
  }

  /* Another language keeps the answer, and leaves no page to go back to. */
  function move(event) {
    event.preventDefault();
    const to = event.currentTarget.href;
    inLine(() => {
      if (item) sessionStorage.setItem(MOVED, JSON.stringify({ item, shown }));
      location.replace(to);
    });
  }

  function resume(moved) {
    item = moved.item;
    paint();
    if (moved.shown === "form") after(CHANGE, askMore);
    else askMore();
  }

  /* Who reads, or chose another language, is not hurried; nobody there begins anew. */
  function touched(event) {
    if (kioskSync.isWithdrawn() || item || shown !== "form") return;
    const away = document.documentElement.lang !== home || document.querySelector("details").open;
    if (away) after(2 * IDLE, askWhetherThere);
  }

  /* What the tablet must have; told before the one-time code is used up. */
  function lacking() {
    const has = {
      https: isSecureContext,
      crypto: Boolean(self.crypto && crypto.subtle && crypto.randomUUID),
      locks: Boolean(navigator.locks),
      storage: Boolean(self.indexedDB),
      worker: "serviceWorker" in navigator,
    };
    return Object.keys(has).filter((one) => !has[one]);
  }

  function tellLacking() {
    const missing = lacking();
    if (missing.length) {
      byId("enrol-state").textContent = `${words("lacking")} (${missing.join(", ")})`;
    }
    return missing.length > 0;
  }

  async function setUp(event) {
    event.preventDefault();
    const told = byId("enrol-state");
    if (tellLacking()) return;
    let fresh;
    await close(true);
    try {
      fresh = await kioskStorage.newKey();
    } catch (error) {
      told.textContent = `${words("lacking")} (${error.name})`;
      return;
    }
    try {
      if (!(await kioskSync.enrol(event.target.elements.code.value, fresh))) {
        told.textContent = words("unknown");
        return;
      }
      if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
      await name();
      show("form");
      sync();
    } catch (error) {
      told.textContent = words("offline");
    }
  }

  function listen() {
    for (const link of all("a[data-switch]")) link.addEventListener("click", move);
    for (const button of all("[data-field]")) {
      const { field, value, single } = button.dataset;
      const act = field === "overall"
        ? () => touchFace(value)
        : () => touchTile(field, value, Boolean(single));
      button.addEventListener("click", act);
    }
    byId("finish").addEventListener("click", finish);
    byId("anew").addEventListener("click", () => show("enrol"));
    byId("stay").addEventListener("click", stay);
    byId("next").addEventListener("click", leave);
    for (const kind of ["pointerdown", "keydown", "toggle"]) {
      addEventListener(kind, touched, { passive: true, capture: true });
    }
    addEventListener("pageshow", (event) => {
      if (event.persisted) leave();
    });
    addEventListener("online", sync);
  }

  async function begin() {
    if ("serviceWorker" in navigator) {
      navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk/" });
    }
    listen();
    if (tellLacking()) return show("enrol");
    const moved = JSON.parse(sessionStorage.getItem(MOVED) || "null");
    sessionStorage.removeItem(MOVED);
    try {
      await kioskStorage.closeLeft(moved && moved.item.uuid);
    } catch (error) {
      byId("enrol-state").textContent = `${words("lacking")} (storage: ${error.name})`;
      return show("enrol");
    }
    show((await fact("me")) ? "form" : "enrol");
    await name();
    if (moved) resume(moved);
    touched();
    setInterval(sync, 60000);
    return sync();
  }

  byId("enrol").addEventListener("submit", setUp);
  begin();
  return { keep, sync, waiting, fact, reset: leave };
})();
