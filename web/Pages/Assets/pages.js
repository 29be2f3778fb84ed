// What pages do beyond what they do without it: they stay up to date, follow a log, copy, and fold. No page needs it.
"use strict";

(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  let skew = 0; // How far the host's clock is ahead of this one's.

  const now = () => Date.now() + skew;

  const duration = (ms) => {
    const s = Math.max(ms, 0) / 1000;
    if (s < 9.95) return `${s.toFixed(1)} s`;
    if (s < 59.5) return `${s.toFixed(0)} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
    return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  };

  const ago = (ms) => {
    const s = ms / 1000;
    if (s < 5) return "now";
    if (s < 60) return `${Math.floor(s)} s ago`;
    if (s < 3600) return `${Math.floor(s / 60)} min ago`;
    if (s < 172800) return `${Math.floor(s / 3600)} h ago`;
    return `${Math.floor(s / 86400)} days ago`;
  };

  const put = (element, text) => {
    if (element.textContent !== text) element.textContent = text;
  };

  const tick = () => {
    for (const time of all("time[data-ago]")) {
      const moment = new Date(time.dateTime);
      put(time, ago(now() - moment));
      time.title = moment.toLocaleString();
    }
    for (const element of all("[data-since]")) {
      put(element, duration(Math.floor((now() - new Date(element.dataset.since)) / 1000) * 1000 || 0));
    }
    for (const bar of all("progress[data-start]")) {
      const gone = now() - new Date(bar.dataset.start);
      const left = Number(bar.dataset.estimate) - gone;
      bar.value = Math.min(Math.max(gone / Number(bar.dataset.estimate), 0), 0.97) * 100;
      const words = one("[data-left]");
      if (words) put(words, left > 1000 ? `About ${duration(Math.ceil(left / 1000) * 1000)} left` : "It takes longer than usual");
    }
  };

  // Copying

  const showCopy = () => {
    if (!navigator.clipboard) return;
    for (const button of all("button[data-copy][hidden]")) button.hidden = false;
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      put(button, "Copied");
      say("Copied.");
    } catch {
      put(button, "Not allowed");
    }
    setTimeout(() => put(button, "Copy"), 2000);
  });

  const say = (words) => put(one("#announce"), words);

  // The log: lines that links lead to, folding, the keyboard

  const log = one("#log");

  const showTarget = () => {
    const name = location.hash.slice(1);
    if (!log || !/^L\d+$/.test(name)) return;
    const line = document.getElementById(name);
    if (!line) {
      // It is among what a long log's page leaves out.
      const whole = one("#whole");
      if (whole) location.replace(whole.href + location.hash);
      return;
    }
    for (const other of all(".chosen", log)) other.classList.remove("chosen");
    line.classList.add("chosen");
    line.closest("details").open = true;
    line.scrollIntoView({ block: "center" });
    one("a", line).focus({ preventScroll: true });
  };

  const fold = one("#fold");

  const wireFolding = () => {
    if (!log || !fold) return;
    const name = () => put(fold, all("details[open]", log).length > 0 ? "Fold all" : "Unfold all");
    fold.hidden = false;
    fold.addEventListener("click", () => {
      const open = all("details[open]", log).length === 0;
      for (const section of all("details", log)) section.open = open;
      name();
    });
    log.addEventListener("toggle", name, true);
    name();
  };

  const wireKeys = () => {
    log?.addEventListener("keydown", (event) => {
      const line = event.target.closest?.(".lines li");
      const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
      const other = line && step && line[step];
      if (!other) return;
      event.preventDefault();
      one("a", line).tabIndex = -1;
      one("a", other).tabIndex = 0;
      one("a", other).focus();
    });
  };

  // One build, live

  const build = one("#build");

  const replace = (id, html) => {
    const region = document.getElementById(id);
    if (!region) return;
    const held = region.contains(document.activeElement) ? document.activeElement.id : null;
    region.innerHTML = html;
    if (held === null) return;
    // Whoever was in it stays as near as can be.
    const again = (held && document.getElementById(held)) || one("a, button", region) || one("#content");
    again.focus({ preventScroll: true });
  };

  const showState = (state) => {
    document.title = document.title.replace(/^[a-z]+: /, `${state}: `);
    if (!["queued", "running"].includes(state)) for (const element of all("[data-live-only]", build)) element.hidden = true;
  };

  const addLog = (data) => {
    const follow = one("#follow").checked;
    for (const section of data.sections) {
      if (section.shell) log.insertAdjacentHTML("beforeend", section.shell);
      const element = document.getElementById(`S${section.number}`);
      if (!element) continue;
      one(".lines", element).insertAdjacentHTML("beforeend", section.lines);
      one(".took", element).textContent = section.took;
    }
    log.dataset.lines = data.lines;
    one("#log-empty").hidden = true;
    if (follow) log.scrollTop = log.scrollHeight;
  };

  const follow = () => {
    if (!build?.dataset.events || !window.EventSource) return;
    let said = one("#state").textContent;
    const box = one("#follow");
    for (const element of all("[data-live-only]", build)) element.hidden = false;
    for (const element of all(".refresh", build)) element.hidden = true;
    if (location.hash) box.checked = false;
    box.addEventListener("change", () => { if (box.checked) log.scrollTop = log.scrollHeight; });
    // Who scrolls up wants to read.
    log.addEventListener("wheel", (event) => { if (event.deltaY < 0) box.checked = false; }, { passive: true });
    if (box.checked) log.scrollTop = log.scrollHeight;

    const source = new EventSource(build.dataset.events);
    source.addEventListener("build", (event) => {
      const data = JSON.parse(event.data);
      skew = new Date(data.now) - Date.now();
      for (const [id, html] of Object.entries(data.regions)) replace(id, html);
      showState(data.state);
      if (said !== null && said !== data.say) say(data.say);
      said = data.say;
      showCopy();
      tick();
    });
    source.addEventListener("log", (event) => addLog(JSON.parse(event.data)));
    source.addEventListener("end", () => {
      source.close();
      build.dataset.ended = "";
    });
    window.addEventListener("pagehide", () => source.close());
    // A page that comes back out of the browser's memory is an old one.
    window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  };

  // The list, live

  const list = one("[data-live=list]");

  const renew = async () => {
    if (document.hidden || list.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = one("[data-live=list]", page);
      if (fresh && !list.contains(document.activeElement)) list.replaceChildren(...fresh.childNodes);
      tick();
    } catch {
      // The host is away; the next try may find it.
    }
  };

  if (build) skew = new Date(build.dataset.now) - Date.now();
  tick();
  setInterval(tick, 1000);
  showCopy();
  wireFolding();
  wireKeys();
  follow();
  showTarget();
  window.addEventListener("hashchange", showTarget);
  if (list) setInterval(renew, 3000);
})();
