/* The way to the server: what waits is sent when there is a network, signed, one part after the
   other, in all tabs. Two tabs, restarts and crashes change nothing. */
"use strict";
const kioskSync = (({ fact, waiting, forget, replace, begin, place }) => {
  const BEAT_MINUTES = 10, LONGEST = 2000, LOCK = "kiosk-sync";
  const batch = Number(document.getElementById("words").dataset.batch);
  /* What the screen is told. */
  const heard = { withdrawn() {}, restored() {}, tried() {}, placed() {} };
  let beaten = -Infinity, withdrawn = false, next = null;

  async function sign(text, key) {
    const kind = { name: "ECDSA", hash: "SHA-256" };
    const raw = new Uint8Array(await crypto.subtle.sign(kind, key, new TextEncoder().encode(text)));
    return Array.from(raw, (b) => b.toString(16).padStart(2, "0")).join("");
  }

  async function post(me, items) {
    const text = JSON.stringify({ kiosk: me.kiosk, items });
    const signature = await sign(text, me.key);
    return fetch("/kiosk/sync", {
      method: "POST", body: text, credentials: "omit",
      headers: { "Content-Type": "application/json", "X-Signature": signature },
    });
  }

  async function refuses(answer) {
    if (answer.status !== 403) return false;
    return (await answer.json().catch(() => ({}))).error === "not-enrolled";
  }

  async function shorten(item) {
    if (!item || !item.fields.some(([, value]) => value.length > LONGEST)) return false;
    const fields = item.fields.map(([name, value]) => [name, value.slice(0, LONGEST)]);
    await replace({ ...item, fields });
    return true;
  }

  function restore() {
    beaten = performance.now();
    if (!withdrawn) return;
    withdrawn = false;
    heard.restored();
  }

  async function send() {
    const me = await fact("me");
    if (!me) return 0;
    let sent = 0, size = batch;
    /* An empty part tells the server that the tablet is there, and the tablet whether it still may
       answer. */
    let beat = performance.now() - beaten > BEAT_MINUTES * 60000;
    for (let items = await waiting(size); items.length || beat; items = await waiting(size)) {
      beat = false;
      const answer = await post(me, items);
      if (await refuses(answer)) {
        withdrawn = true;
        heard.withdrawn();
        return 0;
      }
      if (answer.status === 400 || answer.status === 413) {
        /* One answer must not hold up all others: smaller parts, and at last the one that is too
           long, shortened. */
        if (items.length > 1) {
          size = Math.ceil(items.length / 2);
          continue;
        }
        if (await shorten(items[0])) continue;
      }
      if (!answer.ok) break;
      restore();
      const { done: list, office, counter } = await answer.json();
      await place({ office, counter });
      await heard.placed();
      const done = new Set(list.map((item) => item.uuid));
      await forget(items.filter((item) => done.has(item.uuid)).map((item) => item.sequence));
      if (!done.size) break;
      sent += done.size;
    }
    return sent;
  }

  /* What comes in while one runs is sent by the next, and one waiting is enough. */
  function sync() {
    next = next || navigator.locks.request(LOCK, async () => {
      next = null;
      let sent = 0;
      try {
        sent = await send();
      } catch (error) { /* Without network the queue waits for the next time. */ }
      await heard.tried();
      return sent;
    });
    return next;
  }

  async function enrol(code, fresh) {
    const answer = await fetch("/kiosk/enrol", {
      method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, key: fresh.text }),
    });
    if (!answer.ok) return false;
    const me = { ...(await answer.json()), key: fresh.key };
    await navigator.locks.request(LOCK, async () => {
      await begin(me);
      withdrawn = false;
      beaten = -Infinity;
    });
    return true;
  }

  return { sync, enrol, heard, isWithdrawn: () => withdrawn };
})(kioskStorage);
