/* Tells that a person, not a scanner, has opened a link and begun to answer: sums only, once each. */
(() => {
  const form = document.querySelector("form[data-steps]");
  if (!form || !navigator.sendBeacon) return;
  const tell = (step) => navigator.sendBeacon(form.dataset.steps, new URLSearchParams({ step }));
  const once = { once: true, passive: true };
  let opened = false;
  const open = (event) => {
    if (opened || !event.isTrusted) return;
    opened = true;
    tell("opened");
  };
  for (const kind of ["pointerdown", "keydown", "touchstart", "wheel"]) addEventListener(kind, open, once);
  form.addEventListener("change", (event) => event.isTrusted && tell("started"), once);
})();
