/* What the tablet keeps: every answer gets a UUID and the next number in one IndexedDB transaction,
   and is forgotten here only when the server has said that it has it. An answer whose person still
   stands there is open: it is kept like any other, and sent when it is closed. */
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

  /* One is open in each tab at most. */
  const MOST_OPEN = 10;

  async function waiting(most) {
    const queue = (await start("readonly")).objectStore("queue");
    const items = await request(queue.getAll(null, most + MOST_OPEN));
    return items.filter((item) => !item.open).slice(0, most);
  }

  /* The number and the answer are written together or not at all. */
  async function keep(answer) {
    const t = await start("readwrite"), facts = t.objectStore("facts");
    const asked = [request(facts.get("sequence")), request(facts.get("me"))];
    const [kept, me] = await Promise.all(asked);
    const sequence = (kept || 0) + 1;
    const item = {
      ...answer, sequence, kiosk: me.kiosk, uuid: crypto.randomUUID(),
      at: new Date().toISOString(), kept: Date.now(),
    };
    facts.put(sequence, "sequence");
    t.objectStore("queue").put(item);
    await finished(t);
    return item;
  }

  /* What has been sent meanwhile is not brought back. */
  async function revise(item, changes) {
    const t = await start("readwrite"), queue = t.objectStore("queue");
    const now = await request(queue.get(item.sequence));
    const fresh = { ...item, ...changes }, stands = now && now.uuid === item.uuid && now.open;
    if (stands) queue.put(fresh);
    await finished(t);
    return stands ? fresh : null;
  }

  /* The tablet was switched off while somebody answered: who touched a face has answered. */
  async function closeLeft(but) {
    const t = await start("readwrite"), queue = t.objectStore("queue");
    for (const item of await request(queue.getAll())) {
      if (item.open && item.uuid !== but) queue.put({ ...item, open: false, left: true });
    }
    await finished(t);
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

  async function place(told) {
    const t = await start("readwrite"), facts = t.objectStore("facts");
    const me = await request(facts.get("me"));
    if (me) facts.put({ ...me, ...told }, "me");
    await finished(t);
  }

  return { fact, waiting, keep, revise, closeLeft, forget, replace, newKey, begin, place };
})();
