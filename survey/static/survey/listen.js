/* Reads question and answers aloud, from a recording that is fetched when somebody asks for it. */
(() => {
  const link = document.querySelector("a.listen");
  let voice;
  if (!link) return;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    voice = voice || new Audio(link.href);
    if (!voice.paused) {
      voice.pause();
      return;
    }
    voice.currentTime = 0;
    /* What cannot be played here may be played by the browser itself; never at a stand, where
       nobody could come back. */
    voice.play().catch((error) => {
      const stand = document.body.classList.contains("kiosk");
      if (error.name !== "AbortError" && !stand) location.assign(link.href);
    });
  });
})();
