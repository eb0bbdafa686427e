/* Keeps the kiosk's pages: the newest while there is a network, the last ones while there is
   none or it hangs. */
"use strict";
const STORE = "kiosk-1";
const KEPT = ["KEPT"], PATIENCE = 4000;
addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)).then(() => skipWaiting()));
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith((async () => {
    const store = await caches.open(STORE);
    const kept = async () => (await store.match(event.request)) || (await store.match("/kiosk/"));
    try {
      const answer = await fetch(event.request, { signal: AbortSignal.timeout(PATIENCE) });
      if (answer.ok) await store.put(event.request, answer.clone());
      /* A server that restarts must not take the page away: it keeps the answers. */
      return answer.ok ? answer : (await kept()) || answer;
    } catch (error) {
      return (await kept()) || Response.error();
    }
  })());
});
