/* The kiosk: every answer gets a UUID and the next number in one IndexedDB transaction, is sent when there is a network,
   and is forgotten here only when the server has said that it has it. Two tabs, restarts and crashes change nothing. */
"use strict";
const kiosk = (() => {
  const IDLE = 30, ASK = 20, THANKS = 6, WARN_HOURS = 48, BATCH = 50;
  const body = document.body, form = document.getElementById("answer");
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
  const setFact = async (name, value) => {
    const t = await start("readwrite");
    t.objectStore("facts").put(value, name);
    return finished(t);
  };
  let last = -Infinity;

  /* The number and the answer are written together or not at all. */
  async function keep(fields) {
    const since = Math.round(Math.min(performance.now() - last, 86400000));
    const t = await start("readwrite"), facts = t.objectStore("facts");
    const sequence = ((await request(facts.get("sequence"))) || 0) + 1;
    facts.put(sequence, "sequence");
    t.objectStore("queue").put({
      sequence, fields, uuid: crypto.randomUUID(), at: new Date().toISOString(), kept: Date.now(),
      since, version: Number(form.dataset.version), language: document.documentElement.lang,
    });
    await finished(t);
    last = performance.now();
    return sequence;
  }

  async function waiting(most) {
    return request((await start("readonly")).objectStore("queue").getAll(null, most));
  }

  async function sign(text, key) {
    const bytes = new TextEncoder();
    const made = await crypto.subtle.importKey("raw", bytes.encode(key), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const raw = new Uint8Array(await crypto.subtle.sign("HMAC", made, bytes.encode(text)));
    return Array.from(raw, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  async function send() {
    const me = await fact("me");
    if (!me) return 0;
    let sent = 0;
    for (let items = await waiting(BATCH); items.length; items = await waiting(BATCH)) {
      const text = JSON.stringify({ kiosk: me.kiosk, items });
      const answer = await fetch("/kiosk/sync", {
        method: "POST", body: text, credentials: "omit",
        headers: { "Content-Type": "application/json", "X-Signature": await sign(text, me.key) },
      });
      if (answer.status === 403) return withdrawn();
      if (!answer.ok) break;
      const done = new Set((await answer.json()).done.map((item) => item.uuid));
      const t = await start("readwrite");
      for (const item of items) if (done.has(item.uuid)) t.objectStore("queue").delete(item.sequence);
      await finished(t);
      if (!done.size) break;
      sent += done.size;
    }
    return sent;
  }

  async function sync() {
    const run = async () => { try { return await send(); } catch (error) { return 0; } };
    const sent = navigator.locks
      ? await navigator.locks.request("kiosk-sync", { ifAvailable: true }, (lock) => (lock ? run() : 0))
      : await run();
    await tell();
    return sent;
  }

  function withdrawn() {
    show("withdrawn");
    return 0;
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

  let idle, asked;
  function reset() {
    clearTimeout(idle); clearTimeout(asked);
    if (document.documentElement.lang !== "vi") return location.replace("/kiosk/");
    form.reset();
    scrollTo(0, 0);
    show("form");
  }
  function touched() {
    clearTimeout(idle); clearTimeout(asked);
    const answered = new FormData(form).has("overall") || form.elements.comment?.value || document.documentElement.lang !== "vi";
    if (document.querySelector('[data-part="ask"]').hidden === false) show("form");
    if (answered) idle = setTimeout(() => { show("ask"); asked = setTimeout(reset, ASK * 1000); }, IDLE * 1000);
  }

  async function begin() {
    if ("serviceWorker" in navigator) navigator.serviceWorker.register("/kiosk/worker.js", { scope: "/kiosk/" });
    show((await fact("me")) ? "form" : "enrol");
    for (const kind of ["pointerdown", "keydown", "input", "scroll"]) addEventListener(kind, touched, { passive: true });
    document.getElementById("stay").addEventListener("click", touched);
    addEventListener("pageshow", (event) => { if (event.persisted) reset(); });
    addEventListener("online", sync);
    setInterval(sync, 60000);
    sync();
  }

  document.getElementById("enrol").addEventListener("submit", async (event) => {
    event.preventDefault();
    const state = document.getElementById("enrol-state");
    try {
      const answer = await fetch("/kiosk/enrol", {
        method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ code: event.target.elements.code.value }),
      });
      if (!answer.ok) { state.textContent = words("unknown"); return; }
      await setFact("me", await answer.json());
      if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
      show("form");
    } catch (error) { state.textContent = words("offline"); }
  });

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = Array.from(new FormData(form)).filter(([name, value]) => value && name !== "lang" && name !== "ticket");
    if (!fields.some(([name]) => name === "overall")) {
      document.getElementById("state").textContent = words("choose");
      form.querySelector("input[type=radio]").focus();
      return;
    }
    document.getElementById("state").textContent = "";
    await keep(fields);
    form.reset();
    show("thanks");
    setTimeout(reset, THANKS * 1000);
    sync();
  });

  begin();
  return { keep, sync, waiting, fact, reset };
})();
