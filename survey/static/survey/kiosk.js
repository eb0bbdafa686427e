/* The kiosk: every answer gets a UUID and the next number in one IndexedDB transaction, is sent
   when there is a network, and is forgotten here only when the server has said that it has it.
   Two tabs, restarts and crashes change nothing. */
"use strict";
const kiosk = (() => {
  const IDLE = 30, ASK = 20, THANKS = 6, WARN_HOURS = 48, BATCH = 50, BEAT_MINUTES = 10, FRESH_HOURS = 12;
  const MOVED = "kiosk-moved", LAST = "kiosk-last";
  const form = document.getElementById("answer"), home = form.dataset.home;
  const words = (name) => document.getElementById("words").dataset[name];
  const request = (r) => new Promise((good, bad) => {
    r.onsuccess = () => good(r.result);
    r.onerror = () => bad(r.error);
  });
  const finished = (t) => new Promise((good, bad) => {
    t.oncomplete = () => good();
    t.onerror = t.onabort = () => bad(t.error);
  });
  const opened = new Promise((good, bad) => {
    const r = indexedDB.open("kiosk", 1);
    r.onupgradeneeded = () => {
      r.result.createObjectStore("queue", { keyPath: "sequence" });
      r.result.createObjectStore("facts");
    };
    r.onsuccess = () => good(r.result);
    r.onerror = () => bad(r.error);
  });
  const start = async (mode) => (await opened).transaction(["queue", "facts"], mode, { durability: "strict" });
  const fact = async (name) => request((await start("readonly")).objectStore("facts").get(name));
  /* Kept over a change of language, so that the least time between two answers is measured there too. */
  const moment = () => performance.timeOrigin + performance.now();
  const sinceLast = () => {
    const since = moment() - Number(sessionStorage.getItem(LAST) || -Infinity);
    sessionStorage.setItem(LAST, moment());
    return since < 0 ? 86400000 : Math.round(Math.min(since, 86400000));
  };
  let beaten = -Infinity, withdrawn = false, busy = false, idle, asked;

  /* The number and the answer are written together or not at all. */
  async function keep(fields, left = false) {
    const since = sinceLast();
    const t = await start("readwrite"), facts = t.objectStore("facts");
    const [kept, me] = await Promise.all([request(facts.get("sequence")), request(facts.get("me"))]);
    const sequence = (kept || 0) + 1;
    facts.put(sequence, "sequence");
    t.objectStore("queue").put({
      sequence, fields, kiosk: me.kiosk, uuid: crypto.randomUUID(), at: new Date().toISOString(), kept: Date.now(),
      since, left, version: Number(form.dataset.version), language: document.documentElement.lang,
    });
    await finished(t);
    return sequence;
  }

  async function waiting(most) {
    return request((await start("readonly")).objectStore("queue").getAll(null, most));
  }

  /* The key was made on this tablet and cannot be read out of it, not even by its own pages. */
  async function sign(text, key) {
    const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, new TextEncoder().encode(text)));
    return Array.from(raw, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  async function send() {
    const me = await fact("me");
    if (!me) return 0;
    let sent = 0, size = BATCH;
    const due = performance.now() - beaten > BEAT_MINUTES * 60000;
    /* An empty part tells the server that the tablet is there, and the tablet whether it still may answer. */
    for (let items = await waiting(size), first = due; items.length || first; items = await waiting(size), first = false) {
      const text = JSON.stringify({ kiosk: me.kiosk, items });
      const answer = await fetch("/kiosk/sync", {
        method: "POST", body: text, credentials: "omit",
        headers: { "Content-Type": "application/json", "X-Signature": await sign(text, me.key) },
      });
      if (answer.status === 403 && (await answer.json().catch(() => ({}))).error === "not-enrolled") return withdraw();
      if (answer.status === 400 || answer.status === 413) {
        /* One answer must not hold up all others: smaller parts, and at last the one that is too long, shortened. */
        if (items.length > 1) { size = Math.ceil(items.length / 2); continue; }
        if (await shorten(items[0])) continue;
      }
      if (!answer.ok) break;
      beaten = performance.now();
      if (withdrawn) {
        withdrawn = false;
        reset();
      }
      const done = new Set((await answer.json()).done.map((item) => item.uuid));
      const t = await start("readwrite");
      for (const item of items) if (done.has(item.uuid)) t.objectStore("queue").delete(item.sequence);
      await finished(t);
      if (!done.size) break;
      sent += done.size;
    }
    return sent;
  }

  async function shorten(item) {
    if (!item || !item.fields.some(([, value]) => value.length > 2000)) return false;
    const t = await start("readwrite");
    t.objectStore("queue").put({ ...item, fields: item.fields.map(([name, value]) => [name, value.slice(0, 2000)]) });
    await finished(t);
    return true;
  }

  function withdraw() {
    clearTimeout(idle); clearTimeout(asked);
    withdrawn = true;
    /* Who types a new code is not thrown out of it. */
    if (document.querySelector('[data-part="enrol"]').hidden) show("withdrawn");
    return 0;
  }

  /* One after the other, in all tabs; what comes in while one runs is sent by the next, and one waiting is enough. */
  let next = null;
  function sync() {
    next = next || navigator.locks.request("kiosk-sync", async () => {
      next = null;
      let sent = 0;
      try { sent = await send(); } catch (error) { /* Without network the queue waits for the next time. */ }
      await tell();
      return sent;
    });
    return next;
  }

  async function tell() {
    const [oldest] = await waiting(1), note = document.getElementById("unsent");
    const hours = oldest ? (Date.now() - oldest.kept) / 3600000 : 0;
    note.hidden = hours < WARN_HOURS;
  }

  function show(name) {
    for (const part of document.querySelectorAll("[data-part]")) part.hidden = part.dataset.part !== name;
    const head = document.querySelector(`[data-part="${name}"] [tabindex="-1"]`);
    if (head) head.focus();
  }

  function answered() {
    return Array.from(new FormData(form)).filter(([name, value]) => value && name !== "lang" && name !== "ticket");
  }

  /* Who touched a face and walked away has answered. */
  async function leave() {
    const fields = answered();
    if (!busy && fields.some(([name]) => name === "overall")) {
      busy = true;
      try {
        await keep(fields, true);
        form.reset();
        sync();
      } catch (error) { /* Nothing could be kept; the next person is not kept waiting. */ } finally { busy = false; }
    }
    reset();
  }

  function reset() {
    clearTimeout(idle); clearTimeout(asked);
    if (withdrawn) return;
    const stale = navigator.onLine && performance.now() > FRESH_HOURS * 3600000;
    if (stale || document.documentElement.lang !== home) return location.replace("/kiosk/");
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
  function moved() {
    const fields = JSON.parse(sessionStorage.getItem(MOVED) || "[]");
    sessionStorage.removeItem(MOVED);
    for (const [name, value] of fields) {
      const field = form.elements[name];
      if (!field) continue;
      for (const one of field instanceof RadioNodeList ? field : [field]) {
        if (one.type === "radio" || one.type === "checkbox") one.checked = one.checked || one.value === value;
        else if (one.type !== "hidden") one.value = value;
      }
    }
  }
  function touched() {
    clearTimeout(idle); clearTimeout(asked);
    if (withdrawn) return;
    const begun = answered().length > 0;
    const away = document.documentElement.lang !== home || document.querySelector("details").open;
    if (document.querySelector('[data-part="ask"]').hidden === false) show("form");
    if (begun || away) idle = setTimeout(() => { show("ask"); asked = setTimeout(leave, ASK * 1000); }, IDLE * 1000);
  }

  async function begin() {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk/" });
    show((await fact("me")) ? "form" : "enrol");
    for (const link of document.querySelectorAll("a[data-switch]")) link.addEventListener("click", move);
    document.getElementById("anew").addEventListener("click", () => show("enrol"));
    for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, touched, { passive: true });
    document.getElementById("stay").addEventListener("click", touched);
    addEventListener("pageshow", (event) => { if (event.persisted) reset(); });
    addEventListener("online", sync);
    moved();
    touched();
    setInterval(sync, 60000);
    sync();
  }

  /* A new key begins a new sequence; what still waits comes first in it. */
  async function enrolled(me) {
    const t = await start("readwrite"), queue = t.objectStore("queue"), facts = t.objectStore("facts");
    const items = await request(queue.getAll());
    queue.clear();
    items.forEach((item, place) => queue.put({ ...item, sequence: place + 1 }));
    facts.put(items.length, "sequence");
    facts.put(me, "me");
    await finished(t);
    withdrawn = false;
    beaten = -Infinity;
  }

  /* What the tablet must have; told before the one-time code is used up. */
  function lacking() {
    const has = {
      https: isSecureContext, crypto: Boolean(self.crypto && crypto.subtle && crypto.randomUUID),
      locks: Boolean(navigator.locks), storage: Boolean(self.indexedDB), worker: "serviceWorker" in navigator,
    };
    return Object.keys(has).filter((name) => !has[name]);
  }

  async function newKey() {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    const raw = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
    /* Kept before the code is spent, so that a tablet that cannot keep keys does not use it up. */
    const t = await start("readwrite");
    t.objectStore("facts").put(pair.privateKey, "fresh-key");
    await finished(t);
    return { key: pair.privateKey, text: btoa(String.fromCharCode(...raw)) };
  }

  document.getElementById("enrol").addEventListener("submit", async (event) => {
    event.preventDefault();
    const state = document.getElementById("enrol-state"), missing = lacking();
    if (missing.length) {
      state.textContent = `${words("lacking")} (${missing.join(", ")})`;
      return;
    }
    let fresh;
    try { fresh = await newKey(); } catch (error) { state.textContent = `${words("lacking")} (${error.name})`; return; }
    try {
      const answer = await fetch("/kiosk/enrol", {
        method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ code: event.target.elements.code.value, key: fresh.text }),
      });
      if (!answer.ok) { state.textContent = words("unknown"); return; }
      const me = { ...(await answer.json()), key: fresh.key };
      await navigator.locks.request("kiosk-sync", () => enrolled(me));
      if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
      show("form");
      sync();
    } catch (error) { state.textContent = words("offline"); }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    const fields = answered(), note = document.getElementById("state");
    if (!fields.some(([name]) => name === "overall")) {
      note.textContent = words("choose");
      note.scrollIntoView({ block: "center" });
      form.querySelector("input[type=radio]").focus({ preventScroll: true });
      return;
    }
    document.getElementById("state").textContent = "";
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
      document.getElementById("state").textContent = words("full");
    } finally { busy = false; }
  });

  begin();
  return { keep, sync, waiting, fact, reset };
})();
