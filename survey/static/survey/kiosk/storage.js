/* What the tablet keeps: every answer gets a UUID and the next number in one IndexedDB transaction,
   and is forgotten here only when the server has said that it has it. */
"use strict";
const kioskStorage = (() => {
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
  const start = async (mode) => {
    const base = await opened;
    return base.transaction(["queue", "facts"], mode, { durability: "strict" });
  };

  async function fact(name) {
    return request((await start("readonly")).objectStore("facts").get(name));
  }

  async function waiting(most) {
    return request((await start("readonly")).objectStore("queue").getAll(null, most));
  }

  /* The number and the answer are written together or not at all. */
  async function keep(answer) {
    const t = await start("readwrite"), facts = t.objectStore("facts");
    const asked = [request(facts.get("sequence")), request(facts.get("me"))];
    const [kept, me] = await Promise.all(asked);
    const sequence = (kept || 0) + 1;
    facts.put(sequence, "sequence");
    t.objectStore("queue").put({
      ...answer, sequence, kiosk: me.kiosk, uuid: crypto.randomUUID(),
      at: new Date().toISOString(), kept: Date.now(),
    });
    await finished(t);
    return sequence;
  }

  async function forget(sequences) {
    const t = await start("readwrite");
    for (const sequence of sequences) t.objectStore("queue").delete(sequence);
    await finished(t);
  }

  async function replace(item) {
    const t = await start("readwrite");
    t.objectStore("queue").put(item);
    await finished(t);
  }

  /* A key that nobody can read out of the tablet, not even its own pages. It is kept before the
     code is spent, so that a tablet that cannot keep keys does not use it up. */
  async function newKey() {
    const kind = { name: "ECDSA", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(kind, false, ["sign", "verify"]);
    const raw = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
    const t = await start("readwrite");
    t.objectStore("facts").put(pair.privateKey, "fresh-key");
    await finished(t);
    return { key: pair.privateKey, text: btoa(String.fromCharCode(...raw)) };
  }

  /* A new key begins a new sequence; what still waits comes first in it. */
  async function begin(me) {
    const t = await start("readwrite");
    const queue = t.objectStore("queue"), facts = t.objectStore("facts");
    const items = await request(queue.getAll());
    queue.clear();
    items.forEach((item, place) => queue.put({ ...item, sequence: place + 1 }));
    facts.put(items.length, "sequence");
    facts.put(me, "me");
    await finished(t);
  }

  return { fact, waiting, keep, forget, replace, newKey, begin };
})();
