// The page works without this file. It adds: buttons that copy, the pause of
// the updates (by hand, and while nobody looks), word when they fail, and the
// figures of the minute that is pointed at.
(() => {
  "use strict";
  document.documentElement.classList.add("js");

  const status = document.getElementById("updates");
  const pause = document.getElementById("pause");
  const paused = () => pause.getAttribute("aria-pressed") === "true";
  const say = state => {
    if (status.dataset.state === state) return; // a screen reader hears it once
    status.dataset.state = state;
    status.textContent = status.dataset[state];
  };
  const refresh = () => document.getElementById("live").dispatchEvent(new Event("refresh"));

  say("live");
  pause.addEventListener("click", () => {
    pause.setAttribute("aria-pressed", String(!paused()));
    say(paused() ? "paused" : "live");
    if (!paused()) refresh();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !paused()) refresh();
  });
  document.addEventListener("htmx:before:request", event => {
    if (document.hidden || paused()) event.preventDefault();
  });
  // What a guard or a proxy answers, a sign-in page for example, is not shown.
  document.addEventListener("htmx:before:response", event => {
    const { status: code, headers } = event.detail.ctx.response;
    if (code === 200 && headers.get("Console-Part") === "live") {
      if (!paused()) say("live");
      return;
    }
    event.preventDefault();
    say("stale");
  });
  document.addEventListener("htmx:error", () => say("stale"));

  // The minute under the pointer, or under a finger, in place of the hour.
  document.addEventListener("pointerover", event => {
    for (const note of document.querySelectorAll(".plot [data-summary]")) {
      const minute = note.closest(".plot").contains(event.target) && event.target.closest(".minute");
      const text = minute ? minute.textContent.trim() : note.dataset.summary;
      if (note.textContent !== text) note.textContent = text;
    }
  });

  const copied = document.getElementById("copied");
  document.addEventListener("click", async event => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const value = document.getElementById(button.dataset.copy);
    getSelection().selectAllChildren(value);
    let done = button.dataset.done;
    try {
      await navigator.clipboard.writeText(value.textContent);
    } catch {
      done = button.dataset.failed; // it is selected, at least
    }
    copied.textContent = "";
    copied.textContent = `${button.getAttribute("aria-label")}: ${done}`;
    const label = button.dataset.label ??= button.textContent;
    button.textContent = done;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.textContent = label; }, 2000);
  });
})();
