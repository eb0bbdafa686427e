/* Shows the code of this moment; without network it takes the last one down before it is too
   old. */
"use strict";
(() => {
  const place = document.getElementById("screen"), part = (id) => document.getElementById(id);
  let until = 0, fresh = Date.now();
  const show = (name) => {
    for (const id of ["shown", "closed", "offline"]) part(id).hidden = id !== name;
  };
  async function ask() {
    try {
      const answer = await fetch(place.dataset.source, { cache: "no-store", credentials: "omit" });
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      fresh = Date.now();
      until = fresh + 1000 * (told.seconds || 10);
      if (!told.image) return show("closed");
      part("symbol").src = told.image;
      part("site").textContent = told.site;
      part("path").textContent = told.path;
      show("shown");
    } catch (error) {
      until = Date.now() + 3000;
      if (Date.now() - fresh > 45000) show("offline");
    }
  }
  ask();
  setInterval(() => { if (Date.now() >= until) { until = Date.now() + 3000; ask(); } }, 500);
})();
