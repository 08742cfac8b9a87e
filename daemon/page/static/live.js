// Keeps the live page alive: values into their slots, cues, buttons, a screen that stays on.
// The page is whole without it; words and figures come from the house, and nothing is decided here.
"use strict";

(() => {
  const stage = document.getElementById("live");
  if (!stage || !window.EventSource) return;
  const words = stage.dataset;
  const CURRENT_S = 5; // an older value is not shown as current
  const HEARD_S = 10; // the house says something every four seconds
  const KICK_S = 20; // so long a silent network may take to connect
  const ANSWER_MS = 5000;
  const POLITE_MS = 10000;
  const FRESH_CUE_S = 10; // an older cue is shown and makes no sound
  const UNKNOWN = "–";

  const cards = () => [...stage.querySelectorAll("[data-runner]")];
  const cardOf = (name) => cards().find((card) => card.dataset.runner === name);
  const slot = (card, name) => card.querySelector(`[data-slot="${name}"]`);
  const put = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const now = () => performance.now() / 1000;

  const runners = new Map(); // name -> what is known of a runner
  const known = (name) => {
    if (!runners.has(name)) {
      runners.set(name, { look: null, heardAt: now(), curve: null, cued: "", said: "", politeWord: "" });
    }
    return runners.get(name);
  };

  async function ask(address, how) {
    // a network that went away in silence would be waited for for minutes
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), ANSWER_MS);
    try {
      return await fetch(address, { cache: "no-store", signal: patience.signal, ...how });
    } finally {
      clearTimeout(timer);
    }
  }

  // -- what the house says ------------------------------------------------------------------------

  let source = null;
  let attempt = 0; // each one ends those before it
  let lastId = "";
  let newsAt = now();
  let pause = 2;
  let isLost = false;

  function connect() {
    attempt += 1;
    const own = attempt;
    if (source) source.close();
    const since = lastId ? `${words.events.includes("?") ? "&" : "?"}since=${lastId}` : "";
    const line = new EventSource(words.events + since);
    source = line;
    newsAt = now();
    const hear = (name, take) =>
      line.addEventListener(name, (event) => {
        if (own !== attempt) return;
        newsAt = now();
        pause = 2;
        if (event.lastEventId) lastId = event.lastEventId;
        found();
        take(JSON.parse(event.data));
      });
    hear("hello", (told) => {
      // another edition of the page, or somebody came or went
      if (told.version !== words.version || told.runners.join() !== words.runners) location.reload();
    });
    hear("past", past);
    hear("notice", notice);
    hear("look", look);
    line.onerror = () => {
      if (own !== attempt) return;
      lost();
      if (line.readyState === EventSource.CLOSED) again();
    };
  }

  async function again() {
    // a stream that was refused does not come back by itself
    attempt += 1;
    const own = attempt;
    source.close();
    const wait = pause;
    pause = Math.min(15, pause * 1.5);
    await new Promise((done) => setTimeout(done, wait * 1000));
    if (own !== attempt) return;
    try {
      const answer = await ask(location.href);
      if (answer.status === 403 || answer.status === 404) return location.reload();
    } catch (error) {
      // the house is still away
    }
    if (own === attempt) connect();
  }

  const HIDDEN_MS = 60000;
  let isAsleep = false;

  function mindSight() {
    // a browser has six connections to a house, and a page that nobody sees or hears needs none of them
    if (!document.hidden) {
      if (isAsleep) connect();
      isAsleep = false;
      return;
    }
    setTimeout(() => {
      if (!document.hidden || duurloop.sound.isWanted()) return;
      isAsleep = true;
      attempt += 1;
      source.close();
    }, HIDDEN_MS);
  }

  function lost() {
    if (isLost) return;
    isLost = true;
    const line = document.getElementById("connection");
    put(line, words.lost);
    line.hidden = false;
    cards().forEach(forget);
  }

  function found() {
    if (!isLost) return;
    isLost = false;
    document.getElementById("connection").hidden = true;
  }

  function watch() {
    if (isAsleep) return;
    if (now() - newsAt > (isLost ? KICK_S : HEARD_S)) {
      // neither an answer nor an error: the network went away in silence
      lost();
      newsAt = now();
      again();
    }
    for (const card of cards()) {
      if (now() - known(card.dataset.runner).heardAt > CURRENT_S) forget(card);
    }
  }

  const FIGURES = ["bpm", "on_left", "elapsed", "left", "calm"];

  function forget(card) {
    // never show as current what is not
    const isRunning = Boolean(card.dataset.session && slot(card, "bpm"));
    if (!isRunning && !isLost) return;
    const { heardAt } = known(card.dataset.runner);
    for (const name of FIGURES) put(slot(card, name), UNKNOWN);
    put(slot(card, "word"), UNKNOWN);
    put(slot(card, "line"), isLost ? words.lost : words.silent.replace("{seconds}", Math.round(now() - heardAt)));
    card.dataset.state = "lost";
    const marker = card.querySelector(".marker");
    if (marker) marker.setAttribute("visibility", "hidden");
  }

  // -- how a runner is ------------------------------------------------------------------------------

  const SLOTS = ["word", "line", "limit", "on", "on_left", "next", "elapsed", "left", "calm"];

  function look(told) {
    const state = known(told.runner);
    state.look = told;
    state.heardAt = now();
    const card = cardOf(told.runner);
    if (!card) return;
    if (card.dataset.key !== told.key) renew(card);
    card.dataset.state = told.state;
    card.dataset.session = told.session || "";
    put(slot(card, "bpm"), told.bpm === null ? UNKNOWN : String(told.bpm));
    const skipped = card.querySelector('form.skip [name="leg"]');
    if (skipped) skipped.value = told.leg; // a finger that taps twice skips what it saw
    for (const name of SLOTS) {
      const text = told[name];
      put(slot(card, name), text === null || text === undefined ? UNKNOWN : text);
    }
    moveMarker(card, told.gauge);
    growCourse(card, told);
    draw(card, state, told);
    if (told.session && told.leg !== null) minds(state, told);
    speakPolitely(state, told);
  }

  function moveMarker(card, gauge) {
    const marker = card.querySelector(".marker");
    if (!marker || !gauge) return;
    if (gauge.at === undefined) {
      marker.setAttribute("visibility", "hidden");
      return;
    }
    marker.removeAttribute("visibility");
    marker.setAttribute("transform", `translate(${gauge.at} 0)`);
  }

  function growCourse(card, told) {
    const done = card.querySelector(".legs .done");
    if (!done || !told.legs) return;
    const whole = told.legs.reduce((sum, leg) => sum + leg[1], 0) || 1;
    done.setAttribute("width", ((100 * told.done_s) / whole).toFixed(2));
  }

  function past(told) {
    const state = known(told.runner);
    if (state.curve) state.curve.forget();
    state.curve = new duurloop.Curve(told.session);
    state.curve.take(told.at_s, told.bpm);
    const card = cardOf(told.runner);
    if (card && state.look) draw(card, state, state.look);
  }

  function draw(card, state, told) {
    const place = card.querySelector("[data-chart]");
    if (!told.session || !window.uPlot) return;
    if (!state.curve || state.curve.session !== told.session) {
      if (state.curve) state.curve.forget();
      state.curve = new duurloop.Curve(told.session);
    }
    if (place) state.curve.drawIn(place, told, words.chart);
  }

  const renewing = new Set();

  async function renew(card) {
    // there is something else to do now: the house makes the card anew
    const name = card.dataset.runner;
    if (renewing.has(name)) return;
    renewing.add(name);
    try {
      const big = card.classList.contains("big") ? "?big=1" : "";
      const answer = await ask(`/live/${encodeURIComponent(name)}/card${big}`);
      if (!answer.ok) return;
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-runner]");
      const old = cardOf(name);
      if (!made || !old) return;
      const state = known(name);
      const focused = old.contains(document.activeElement) ? document.activeElement.closest("form") : null;
      if (state.curve) state.curve.forget();
      old.replaceWith(made);
      put(slot(made, "said"), state.said);
      if (focused) giveBack(made, focused.className);
      if (state.look && state.look.key === made.dataset.key) look(state.look);
    } catch (error) {
      // the next look tries again
    } finally {
      renewing.delete(name);
    }
  }

  function giveBack(card, form) {
    // the focus stays with the same button, or goes to the first one: a keyboard must not begin anew
    const same = [...card.querySelectorAll("form")].find((one) => one.className === form);
    const button = (same || card).querySelector("button");
    if (button) button.focus();
  }

  // -- cues and words -------------------------------------------------------------------------------

  const TONES_OF = { run: "up", done: "done" };

  function notice(told) {
    const state = known(told.runner);
    if (told.kind === "opened" || told.kind === "closed") {
      say(told.runner, "");
      return;
    }
    say(told.runner, told.body);
    if (told.kind === "cue") state.cued = `${told.session}/${told.leg}`;
    if (told.ago_s <= FRESH_CUE_S) sound(told.runner, told.tone, told.body || told.title);
  }

  function minds(state, told) {
    // a part that began while the house was away had no cue: it is told now
    const at = `${told.session}/${told.leg}`;
    const isSameRun = state.cued.startsWith(`${told.session}/`);
    if (state.cued === at) return;
    if (!isSameRun) {
      state.cued = at;
      return;
    }
    setTimeout(() => {
      if (state.cued === at || !state.look || state.look.leg !== told.leg) return;
      state.cued = at;
      say(told.runner, told.on);
      sound(told.runner, TONES_OF[told.on_kind] || "down", told.on);
    }, 1500);
  }

  function sound(name, tone, text) {
    const card = cardOf(name);
    duurloop.sound.cue(tone, text, card ? card.lang : document.documentElement.lang);
  }

  function say(name, text) {
    known(name).said = text;
    const card = cardOf(name);
    if (card) put(slot(card, "said"), text);
    if (text) politely(name, text);
  }

  let politeAt = -POLITE_MS;

  function speakPolitely(state, told) {
    const isEarly = performance.now() - politeAt < POLITE_MS;
    if (!told.session || told.word === state.politeWord || isEarly) return;
    state.politeWord = told.word;
    politely(told.runner, told.bpm === null ? told.word : `${told.bpm}: ${told.word}`);
  }

  function politely(name, text) {
    politeAt = performance.now();
    put(document.getElementById("polite"), cards().length > 1 ? `${name}. ${text}` : text);
  }

  // -- buttons ----------------------------------------------------------------------------------------

  const STOP_AGAIN_MS = 4000;
  const TREMBLE_MS = 400; // one tap that a wet finger makes two of

  stage.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form.do")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const name = form.closest("[data-runner]").dataset.runner;
    if (button.getAttribute("aria-disabled")) return;
    if (form.matches(".stop") && !form.dataset.sure) {
      askAgain(form, button);
      return;
    }
    if (form.dataset.sure && performance.now() - Number(form.dataset.sure) < TREMBLE_MS) return;
    button.setAttribute("aria-disabled", "true"); // not disabled: that would take the focus away
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await ask(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      const told = await answer.json();
      if (told.refused) say(name, told.refused);
    } catch (error) {
      say(name, words.failed);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });

  function askAgain(form, button) {
    // a sleeve on the screen must not end a run
    const word = button.textContent;
    form.dataset.sure = performance.now();
    button.textContent = words.again;
    setTimeout(() => {
      delete form.dataset.sure;
      button.textContent = word;
    }, STOP_AGAIN_MS);
  }

  // -- the screen -------------------------------------------------------------------------------------

  let lock = null;
  let isAsking = false;

  async function keepAwake() {
    const isRunning = cards().some((card) => card.dataset.session);
    const line = document.getElementById("screen");
    if (!navigator.wakeLock) {
      put(line, isRunning ? words.asleep : "");
      return;
    }
    if (!isRunning && lock) lock.release();
    if (!isRunning || document.hidden || lock || isAsking) return;
    isAsking = true;
    try {
      lock = await navigator.wakeLock.request("screen");
      put(line, words.awake);
      lock.addEventListener("release", () => {
        lock = null;
        put(line, "");
      });
    } catch (error) {
      lock = null; // an empty battery may say no
    } finally {
      isAsking = false;
    }
  }

  // ---------------------------------------------------------------------------------------------------

  const redraw = () => runners.forEach(({ curve }) => curve && curve.fit());

  duurloop.sound.offer(stage.querySelector(".switches"));
  cards().forEach((card) => known(card.dataset.runner));
  connect();
  setInterval(watch, 500);
  setInterval(keepAwake, 2000);
  document.addEventListener("visibilitychange", () => {
    mindSight();
    if (!document.hidden) watch();
    keepAwake();
  });
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(redraw));
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
})();
