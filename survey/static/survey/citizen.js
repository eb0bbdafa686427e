/* Kindnesses. A rating that cannot be sent is kept and sent again by itself, under the same
   ticket, so it counts once; who comes back to a page that was sent is told so, and nobody sees
   there what was chosen. Another language keeps what was answered, larger letters too. A comment
   tells how much room is left. And a link tells that a person, not a scanner, has opened it and
   begun to answer: sums only. */
(() => {
  const form = document.getElementById("answer");
  if (!form) return;
  const state = document.getElementById("state"), root = document.documentElement;
  const pause = (seconds) => new Promise((go) => {
    setTimeout(go, seconds * 1000);
    addEventListener("online", go, { once: true });
  });
  let busy = false;
  form.addEventListener("submit", async (event) => {
    if (event.submitter && event.submitter.name) return;
    // What is not complete goes the ordinary way and comes back with what is missing.
    if (!state || !self.fetch || !form.querySelector("input[name=overall]:checked")) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const body = new URLSearchParams(new FormData(form));
    state.textContent = form.dataset.sending;
    for (let wait = 2; ; wait = Math.min(wait * 2, 30)) {
      try {
        const headers = { Accept: "text/uri-list" };
        const options = { method: "POST", body, headers, credentials: "omit" };
        const answer = await fetch(form.action, options);
        const address = (answer.headers.get("Content-Type") || "").startsWith(headers.Accept);
        if (address) {
          const onward = await answer.text();
          history.replaceState("sent", "");
          return location.assign(onward);
        }
        if (answer.status < 502) return form.submit();
      } catch (error) { /* no network: the same again */ }
      state.textContent = form.dataset.waiting;
      await pause(wait);
    }
  });
  for (const link of document.querySelectorAll("a[data-switch]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const wanted = document.createElement("input");
      Object.assign(wanted, { type: "hidden", name: "switch", value: link.dataset.switch });
      form.append(wanted);
      form.submit();
    });
  }
  const size = document.querySelector("a.size");
  if (size) {
    size.addEventListener("click", (event) => {
      event.preventDefault();
      const large = root.classList.toggle("large");
      size.textContent = large ? "A−" : "A+";
      const label = size.getAttribute("aria-label");
      size.setAttribute("aria-label", size.dataset.other);
      size.dataset.other = label;
      for (const place of [form, ...document.querySelectorAll("a[href]")]) {
        const name = place === form ? "action" : "href", to = new URL(place[name]);
        if (to.origin !== location.origin) continue;
        to.searchParams[large !== (place === size) ? "set" : "delete"]("big", "1");
        place[name] = to.pathname + to.search + to.hash;
      }
    });
  }
  for (const count of document.querySelectorAll("[data-count]")) {
    const text = document.getElementById(count.dataset.count), { most, left, over } = text.dataset;
    text.addEventListener("input", () => {
      const room = most - text.value.length;
      count.textContent = room < 0 ? over + -room : room < 120 ? left + room : "";
    });
  }
  addEventListener("pageshow", () => {
    busy = false;
    const sent = state && history.state === "sent";
    if (sent) form.reset();
    if (state) state.textContent = sent ? form.dataset.again : "";
    for (const left of form.querySelectorAll("input[name=switch]")) left.remove();
  });
  if (!form.dataset.steps || !navigator.sendBeacon) return;
  const tell = (step) => navigator.sendBeacon(form.dataset.steps, new URLSearchParams({ step }));
  const once = { once: true, passive: true };
  let opened = false;
  const open = (event) => {
    if (opened || !event.isTrusted) return;
    opened = true;
    tell("opened");
  };
  for (const kind of ["pointerdown", "keydown", "touchstart", "wheel"]) {
    addEventListener(kind, open, once);
  }
  form.addEventListener("change", (event) => event.isTrusted && tell("started"), once);
})();
