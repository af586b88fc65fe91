"use strict";
(() => {
  const pollEvery = 3000, seenEvery = 20000, keep = 200;
  const root = document.getElementById("watch");
  const path = root.dataset.path;
  const byId = (id) => document.getElementById(id);
  const list = byId("messages"), video = byId("video"), curtain = byId("curtain"), curtainText = byId("curtain-text");
  const statusText = { ON_AIR: "On air", RESERVED: "Scheduled", END: "Ended" };
  let next = root.dataset.next, status = root.dataset.status, player = null, retry = 0;

  // The player. Media Source Extensions where there are any, because browsers
  // that claim native HLS do not all play it live.
  function play() {
    if (root.dataset.play !== "true" || player) return;
    const source = path + "/hls/index.m3u8";
    if (window.Hls && Hls.isSupported()) {
      // Without a worker: it would have to come from a blob, which the
      // content security policy forbids.
      const hls = new Hls({ enableWorker: false, liveSyncDurationCount: 3 });
      hls.on(Hls.Events.MANIFEST_PARSED, show);
      hls.on(Hls.Events.ERROR, (_, e) => { if (e.fatal) again(); });
      hls.loadSource(source);
      hls.attachMedia(video);
      player = { close: () => hls.destroy() };
    } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
      const failed = () => again();
      video.addEventListener("error", failed, { once: true });
      video.addEventListener("loadedmetadata", show, { once: true });
      video.src = source;
      player = { close: () => { video.removeEventListener("error", failed); video.removeAttribute("src"); video.load(); } };
    } else {
      curtainText.textContent = "This browser cannot play the live.";
    }
  }
  function show() {
    video.hidden = false;
    curtain.hidden = true;
    video.play().catch(() => {}); // the viewer presses play then
  }
  function close(text) {
    clearTimeout(retry);
    if (player) player.close();
    player = null;
    video.hidden = true;
    curtain.hidden = false;
    curtainText.textContent = text;
  }
  function again() {
    close("Waiting for the pictures…");
    retry = setTimeout(() => { if (status === "ON_AIR") play(); }, 2000);
  }
  function turn(now) {
    if (now === status) return;
    status = now;
    byId("status").className = "badge " + now;
    byId("status").textContent = statusText[now];
    if (now === "ON_AIR") {
      curtainText.textContent = root.dataset.play === "true" ? "Waiting for the pictures…" : "On air.";
      play();
      seen();
    } else {
      close(now === "END" ? "This live has ended." : "This live has not started.");
    }
  }

  // The chat.
  function add(m) {
    const item = document.createElement("li");
    const author = document.createElement("span");
    author.className = "author" + (m.owner ? " owner" : m.manager ? " manager" : "");
    author.textContent = m.author;
    const said = document.createElement("span");
    said.className = "said";
    said.textContent = m.text;
    item.append(author, " ", said);
    list.append(item);
    while (list.children.length > keep) list.firstElementChild.remove();
  }
  let polling = false, repeat = false;
  async function poll() {
    if (polling) { repeat = true; return; }
    polling = true;
    try {
      const answer = await fetch(path + "/chat?after=" + encodeURIComponent(next), { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const state = await answer.json();
      next = state.next;
      for (const name of ["viewers", "views", "likes"]) byId(name).textContent = state[name];
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      state.messages.forEach(add);
      if (state.messages.length) byId("no-messages").hidden = true;
      if (atEnd) list.scrollTop = list.scrollHeight;
      turn(state.status);
    } catch {
      // Offline for a moment: the next poll tries again.
    } finally {
      polling = false;
      if (repeat) { repeat = false; poll(); }
    }
  }
  async function send(form) {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok) return "";
    const problem = await answer.json().catch(() => ({}));
    return problem.error || "That did not work.";
  }
  byId("say")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.currentTarget, error = byId("chat-error"), input = byId("message"), sent = input.value;
    const problem = await send(form).catch(() => "You seem to be offline.");
    error.textContent = problem;
    error.hidden = !problem;
    if (!problem && input.value === sent) form.reset(); // else the next message is being typed
    poll();
  });
  byId("like")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(await send(form).catch(() => "offline"))) form.querySelector("button").disabled = true;
    poll();
  });
  function seen() {
    if (status === "ON_AIR") fetch(path + "/seen", { method: "POST" }).then(poll, () => {});
  }

  list.scrollTop = list.scrollHeight;
  if (status === "ON_AIR") { play(); seen(); }
  setInterval(poll, pollEvery);
  setInterval(seen, seenEvery);
})();
