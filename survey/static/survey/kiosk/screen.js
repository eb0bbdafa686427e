/* What the person at the tablet sees: the form, thanks, a question to whoever walked away, and the
   page staff set the tablet up on. */
"use strict";
const kiosk = (() => {
  const IDLE = 30, ASK = 20, THANKS = 6, FRESH_HOURS = 12, DAY_MS = 86400000;
  const MOVED = "kiosk-moved", LAST = "kiosk-last";
  const { waiting, fact } = kioskStorage, { sync, heard } = kioskSync;
  const form = document.getElementById("answer"), home = form.dataset.home;
  const state = document.getElementById("state");
  const words = (name) => document.getElementById("words").dataset[name];
  const partOf = (name) => document.querySelector(`[data-part="${name}"]`);
  let busy = false, idle, asked;

  /* Kept over a change of language, so that the least time between two answers is measured there
     too. */
  function sinceLast() {
    const moment = performance.timeOrigin + performance.now();
    const since = moment - Number(sessionStorage.getItem(LAST) || -Infinity);
    sessionStorage.setItem(LAST, moment);
    return since < 0 ? DAY_MS : Math.round(Math.min(since, DAY_MS));
  }

  function keep(fields, left = false) {
    const version = Number(form.dataset.version), language = document.documentElement.lang;
    return kioskStorage.keep({ fields, since: sinceLast(), left, version, language });
  }

  function stopClocks() {
    clearTimeout(idle);
    clearTimeout(asked);
  }

  function show(name) {
    for (const part of document.querySelectorAll("[data-part]")) {
      part.hidden = part.dataset.part !== name;
    }
    const head = document.querySelector(`[data-part="${name}"] [tabindex="-1"]`);
    if (head) head.focus();
  }

  heard.withdrawn = () => {
    stopClocks();
    /* Who types a new code is not thrown out of it. */
    if (partOf("enrol").hidden) show("withdrawn");
  };
  heard.restored = () => reset();
  heard.tried = async () => {
    const [oldest] = await waiting(1);
    const hours = oldest ? (Date.now() - oldest.kept) / 3600000 : 0;
    document.getElementById("unsent").hidden = hours < Number(words("warnHours"));
  };

  function answered() {
    const ours = ([name, value]) => value && name !== "lang" && name !== "ticket";
    return Array.from(new FormData(form)).filter(ours);
  }
  const isRated = (fields) => fields.some(([name]) => name === "overall");

  /* Who touched a face and walked away has answered. */
  async function leave() {
    const fields = answered();
    if (!busy && isRated(fields)) {
      busy = true;
      try {
        await keep(fields, true);
        form.reset();
        sync();
      } catch (error) {
        /* Nothing could be kept; the next person is not kept waiting. */
      } finally {
        busy = false;
      }
    }
    reset();
  }

  function reset() {
    stopClocks();
    if (kioskSync.isWithdrawn()) return;
    const stale = navigator.onLine && performance.now() > FRESH_HOURS * 3600000;
    if (stale || document.documentElement.lang !== home) {
      location.replace("/kiosk/");
      return;
    }
    form.reset();
    document.querySelector("details").open = false;
    scrollTo(0, 0);
    show("form");
  }

  /* Another language keeps what was answered, and leaves no page to go back to. */
  function move(event) {
    event.preventDefault();
    sessionStorage.setItem(MOVED, JSON.stringify(Array.from(new FormData(form))));
    location.replace(event.currentTarget.href);
  }

  function fill(field, value) {
    if (field.type === "radio" || field.type === "checkbox") {
      field.checked = field.checked || field.value === value;
    } else if (field.type !== "hidden") {
      field.value = value;
    }
  }

  function fillMoved() {
    const fields = JSON.parse(sessionStorage.getItem(MOVED) || "[]");
    sessionStorage.removeItem(MOVED);
    for (const [name, value] of fields) {
      const field = form.elements[name];
      if (!field) continue;
      for (const one of field instanceof RadioNodeList ? field : [field]) fill(one, value);
    }
  }

  function touched() {
    stopClocks();
    if (kioskSync.isWithdrawn()) return;
    const begun = answered().length > 0;
    const away = document.documentElement.lang !== home || document.querySelector("details").open;
    if (!partOf("ask").hidden) show("form");
    if (begun || away) idle = setTimeout(askWhetherThere, IDLE * 1000);
  }

  function askWhetherThere() {
    show("ask");
    asked = setTimeout(leave, ASK * 1000);
  }

  async function submit(event) {
    event.preventDefault();
    if (busy) return;
    const fields = answered();
    if (!isRated(fields)) {
      state.textContent = words("choose");
      state.scrollIntoView({ block: "center" });
      form.querySelector("input[type=radio]").focus({ preventScroll: true });
      return;
    }
    state.textContent = "";
    clearTimeout(idle);
    /* A second tap while the first is written is the same answer. */
    busy = true;
    try {
      await keep(fields);
      form.reset();
      show("thanks");
      setTimeout(reset, THANKS * 1000);
      sync();
    } catch (error) {
      state.textContent = words("full");
    } finally {
      busy = false;
    }
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
    return Object.keys(has).filter((name) => !has[name]);
  }

  async function setUp(event) {
    event.preventDefault();
    const told = document.getElementById("enrol-state"), missing = lacking();
    if (missing.length) {
      told.textContent = `${words("lacking")} (${missing.join(", ")})`;
      return;
    }
    let fresh;
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
      show("form");
      sync();
    } catch (error) {
      told.textContent = words("offline");
    }
  }

  async function begin() {
    if ("serviceWorker" in navigator) {
      navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk/" });
    }
    show((await fact("me")) ? "form" : "enrol");
    for (const link of document.querySelectorAll("a[data-switch]")) {
      link.addEventListener("click", move);
    }
    document.getElementById("anew").addEventListener("click", () => show("enrol"));
    for (const kind of ["pointerdown", "keydown", "input"]) {
      addEventListener(kind, touched, { passive: true });
    }
    document.getElementById("stay").addEventListener("click", touched);
    addEventListener("pageshow", (event) => {
      if (event.persisted) reset();
    });
    addEventListener("online", sync);
    fillMoved();
    touched();
    setInterval(sync, 60000);
    sync();
  }

  document.getElementById("enrol").addEventListener("submit", setUp);
  form.addEventListener("submit", submit);
  begin();
  return { keep, sync, waiting, fact, reset };
})();
