// Keeps the live page alive: values into their slots, a curve, tones for cues, a screen that stays on.
// The page is whole without it; words and figures come from the house, and nothing is decided here.
"use strict";

(() => {
  const stage = document.getElementById("live");
  if (!stage || !window.EventSource) return;
  const words = stage.dataset;
  const CURRENT_S = 5; // an older value is not shown as current
  const HEARD_S = 10; // the house says something every four seconds
  const POLITE_MS = 10000;
  const FRESH_CUE_S = 10; // an older cue is shown and makes no sound
  const UNKNOWN = "–";

  const runners = new Map(); // name -> what is known of a runner
  const cards = () => [...stage.querySelectorAll("[data-runner]")];
  const cardOf = (name) => cards().find((card) => card.dataset.runner === name);
  const slot = (card, name) => card.querySelector(`[data-slot="${name}"]`);
  const put = (element, text) => {
    if (element && element.textContent !== text) element.textContent = text;
  };
  const now = () => performance.now() / 1000;
  const known = (name) => {
    if (!runners.has(name)) runners.set(name, { look: null, heardAt: now(), curve: null, cued: "", said: "" });
    return runners.get(name);
  };

  // -- what the house says ------------------------------------------------------------------------

  let source = null;
  let lastId = "";
  let newsAt = now();
  let pause = 2;
  let isLost = false;

  function connect() {
    const since = lastId ? `${words.events.includes("?") ? "&" : "?"}since=${lastId}` : "";
    source = new EventSource(words.events + since);
    const hear = (name, take) =>
      source.addEventListener(name, (event) => {
        newsAt = now();
        pause = 2;
        if (event.lastEventId) lastId = event.lastEventId;
        found();
        take(JSON.parse(event.data));
      });
    hear("hello", (told) => {
      if (told.version !== words.version) location.reload();
    });
    hear("past", past);
    hear("notice", notice);
    hear("look", look);
    source.onerror = () => {
      lost();
      if (source.readyState === EventSource.CLOSED) again();
    };
  }

  async function again() {
    // a stream that was refused does not come back by itself
    source.close();
    const wait = pause;
    pause = Math.min(15, pause * 1.5);
    await new Promise((done) => setTimeout(done, wait * 1000));
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.status === 403) return location.reload();
    } catch (error) {
      // the house is still away
    }
    connect();
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
    if (now() - newsAt > HEARD_S && !isLost) {
      // neither an answer nor an error: the network went away in silence
      lost();
      again();
    }
    for (const card of cards()) {
      const { look: last, heardAt } = known(card.dataset.runner);
      if (last && last.bpm !== null && now() - heardAt + last.age_s > CURRENT_S) forget(card);
    }
  }

  function forget(card) {
    // never show as current what is not
    const { look: last, heardAt } = known(card.dataset.runner);
    if (!last || !last.session) return;
    put(slot(card, "bpm"), UNKNOWN);
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
    let card = cardOf(told.runner);
    if (!card) return;
    if (card.dataset.key !== told.key) renew(card, told.key);
    card.dataset.state = told.state;
    card.dataset.session = told.session || "";
    put(slot(card, "bpm"), told.bpm === null ? UNKNOWN : String(told.bpm));
    const skipped = card.querySelector('form.skip [name="leg"]');
    if (skipped) skipped.value = told.leg; // a finger that taps twice skips what it saw
    for (const name of SLOTS) put(slot(card, name), told[name] === null || told[name] === undefined ? UNKNOWN : told[name]);
    moveMarker(card, told.gauge);
    growCourse(card, told);
    draw(card, state, told);
    if (told.session && told.leg !== null) cued(state, told, false);
    speakPolitely(told);
  }

  function moveMarker(card, gauge) {
    const marker = card.querySelector(".marker");
    if (!marker || !gauge) return;
    if (gauge.at === undefined) return marker.setAttribute("visibility", "hidden");
    marker.removeAttribute("visibility");
    marker.setAttribute("transform", `translate(${gauge.at} 0)`);
  }

  function growCourse(card, told) {
    const done = card.querySelector(".legs .done");
    if (!done || told.leg === null || told.leg === undefined) return;
    const whole = told.legs.reduce((sum, leg) => sum + leg[1], 0) || 1;
    done.setAttribute("width", ((100 * told.done_s) / whole).toFixed(2));
  }

  const renewing = new Set();

  async function renew(card, key) {
    // there is something else to do now: the house makes the card anew
    const name = card.dataset.runner;
    if (renewing.has(name)) return;
    renewing.add(name);
    try {
      const big = card.classList.contains("big") ? "?big=1" : "";
      const answer = await fetch(`/live/${encodeURIComponent(name)}/card${big}`, { cache: "no-store" });
      if (!answer.ok) return;
      const made = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-runner]");
      const old = cardOf(name);
      if (!made || !old) return;
      const state = known(name);
      const hadFocus = old.contains(document.activeElement);
      if (state.plot) state.plot.destroy();
      state.plot = null;
      old.replaceWith(made);
      put(slot(made, "said"), state.said);
      if (hadFocus) (made.querySelector("button") || made).focus();
      if (state.look && state.look.key === made.dataset.key) look(state.look);
    } catch (error) {
      // the next look tries again
    } finally {
      renewing.delete(name);
    }
  }

  // -- cues and words -------------------------------------------------------------------------------

  function notice(told) {
    const state = known(told.runner);
    if (told.kind === "opened" || told.kind === "closed") {
      state.curve = null;
      if (told.kind === "opened") say(told.runner, "");
      return;
    }
    say(told.runner, told.kind === "cue" ? told.body : `${told.title}. ${told.body}`);
    if (told.kind === "cue") state.cued = `${told.session}/${told.leg}`;
    if (told.ago_s <= FRESH_CUE_S) sound(told);
  }

  function cued(state, told) {
    // a cue that was said while nobody could hear it: the house was away, and so it was missed
    const at = `${told.session}/${told.leg}`;
    if (state.cued && state.cued !== at && state.cued.startsWith(`${told.session}/`)) {
      setTimeout(() => {
        if (state.cued === at) return;
        state.cued = at;
        if (state.look && state.look.leg === told.leg) {
          say(told.runner, told.on);
          sound({ runner: told.runner, tone: TONES_OF[told.on_kind] || "down", title: told.on, body: "" });
        }
      }, 1500);
    } else if (!state.cued || !state.cued.startsWith(`${told.session}/`)) {
      state.cued = at;
    }
  }

  function say(name, text) {
    known(name).said = text;
    const card = cardOf(name);
    if (card) put(slot(card, "said"), text);
    if (text) politely(text);
  }

  let politeAt = -POLITE_MS;
  let politeWord = "";

  function speakPolitely(told) {
    if (!told.session || told.word === politeWord || performance.now() - politeAt < POLITE_MS) return;
    politeWord = told.word;
    politely(told.bpm === null ? told.word : `${told.bpm}: ${told.word}`);
  }

  function politely(text) {
    politeAt = performance.now();
    put(document.getElementById("polite"), text);
  }

  // -- sound, speech, vibration: only for who asked for them -----------------------------------------

  const TONES_OF = { run: "up", done: "done" };
  const TONES = {
    // frequency in Hz, and when it begins
    up: [[523, 0], [784, 0.22]],
    down: [[784, 0], [523, 0.22]],
    done: [[523, 0], [659, 0.22], [784, 0.44]],
    word: [[392, 0]],
  };
  const SHAKES = { up: [200, 100, 200], down: [500], done: [200, 100, 200, 100, 500], word: [120] };
  const wants = (what) => remembered(`duurloop-${what}`) === "on";
  let audio = null;

  function remembered(key, value) {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch (error) {
      return null; // a browser that keeps nothing
    }
  }

  function sound(told) {
    if (wants("sound")) play(TONES[told.tone] || TONES.word);
    if (wants("vibration") && navigator.vibrate) navigator.vibrate(SHAKES[told.tone] || SHAKES.word);
    if (wants("speech") && window.speechSynthesis) {
      const card = cardOf(told.runner);
      const spoken = new SpeechSynthesisUtterance(told.body || told.title);
      spoken.lang = card ? card.lang : document.documentElement.lang;
      speechSynthesis.speak(spoken);
    }
  }

  function play(tones) {
    const Audio = window.AudioContext || window.webkitAudioContext;
    if (!Audio) return;
    audio = audio || new Audio();
    if (audio.state === "suspended") audio.resume();
    for (const [pitch, after] of tones) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const begins = audio.currentTime + 0.05 + after;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0, begins);
      volume.gain.linearRampToValueAtTime(0.4, begins + 0.03);
      volume.gain.exponentialRampToValueAtTime(0.001, begins + 0.5);
      tone.connect(volume).connect(audio.destination);
      tone.start(begins);
      tone.stop(begins + 0.55);
    }
  }

  function offerSwitches() {
    const there = {
      sound: window.AudioContext || window.webkitAudioContext,
      speech: window.speechSynthesis,
      vibration: navigator.vibrate && matchMedia("(pointer: coarse)").matches,
    };
    for (const button of stage.querySelectorAll("[data-switch]")) {
      const what = button.dataset.switch;
      button.hidden = !there[what];
      button.setAttribute("aria-pressed", wants(what));
      button.addEventListener("click", () => {
        remembered(`duurloop-${what}`, wants(what) ? "off" : "on");
        button.setAttribute("aria-pressed", wants(what));
        if (wants(what)) sound({ runner: "", tone: "up", title: button.textContent, body: button.textContent });
      });
    }
    stage.querySelector(".switches").hidden = false;
  }

  // -- the curve ------------------------------------------------------------------------------------

  const GAP_S = 10;
  const MOST_POINTS = 4000;

  function past(told) {
    const state = known(told.runner);
    state.curve = { session: told.session, at: [], bpm: [], low: told.low, high: told.high };
    told.at_s.forEach((at, index) => grow(state.curve, at, told.bpm[index]));
    const card = cardOf(told.runner);
    if (card && state.look) draw(card, state, state.look, true);
  }

  function grow(curve, at, bpm) {
    const last = curve.at.length ? curve.at[curve.at.length - 1] : null;
    if (last !== null && at <= last) return false;
    if (last !== null && at - last > GAP_S) {
      curve.at.push(last + 1);
      curve.bpm.push(null);
    }
    curve.at.push(at);
    curve.bpm.push(bpm);
    if (curve.at.length > MOST_POINTS) {
      curve.at = curve.at.filter((_, index) => index % 2 === 0);
      curve.bpm = curve.bpm.filter((_, index) => index % 2 === 0);
    }
    return true;
  }

  function draw(card, state, told, anew) {
    const place = card.querySelector("[data-chart]");
    if (!place || !told.session || !window.uPlot) return;
    if (!state.curve || state.curve.session !== told.session) {
      state.curve = { session: told.session, at: [], bpm: [], low: null, high: null };
    }
    const grew = told.bpm !== null && grow(state.curve, told.at_s - told.age_s, told.bpm);
    if (state.plot && state.plot.root.parentNode !== place) {
      state.plot.destroy();
      state.plot = null;
    }
    if (!state.plot) state.plot = plotIn(place, state);
    else if (grew || anew) state.plot.setData([state.curve.at, state.curve.bpm]);
  }

  function plotIn(place, state) {
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const size = () => ({ width: Math.max(200, place.clientWidth), height: place.clientHeight || 220 });
    const marks = (plot) => {
      const { curve, look: told } = state;
      const { ctx } = plot;
      const { left, top, width, height } = plot.bbox;
      if (curve.low !== null) {
        const high = plot.valToPos(curve.high, "y", true);
        const low = plot.valToPos(curve.low, "y", true);
        ctx.fillStyle = colour("--calm-band");
        ctx.fillRect(left, Math.max(top, high), width, Math.min(top + height, low) - Math.max(top, high));
      }
      if (!told || told.leg === null || told.leg === undefined) return;
      let at = told.began_s;
      ctx.fillStyle = colour("--calm");
      for (const [kind, seconds] of told.legs) {
        const from = plot.valToPos(at, "x", true);
        const to = plot.valToPos(at + seconds, "x", true);
        const tall = (kind === "run" ? 8 : 3) * devicePixelRatio;
        ctx.fillRect(from + 1, top + height - tall, Math.max(1, to - from - 2), tall);
        at += seconds;
      }
    };
    const axis = (more) => ({
      stroke: () => colour("--quiet"),
      grid: { stroke: () => colour("--line"), width: 0.5 },
      ticks: { show: false },
      font: "14px system-ui, sans-serif",
      ...more,
    });
    const began = () => (state.look && state.look.began_s) || 0;
    const minutes = (_, values) => values.map((value) => `${Math.round((value - began()) / 60)}′`);
    const splits = (_, axisIndex, from, to, step) => {
      const found = [];
      for (let at = began(); at <= to; at += step) found.push(at);
      return found;
    };
    const plot = new uPlot(
      {
        ...size(),
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { time: false, range: () => [began(), lasts(state, began())] },
          y: { range: (_, lowest, highest) => heights(state.curve, lowest, highest) },
        },
        axes: [axis({ values: minutes, splits, incrs: [60, 120, 300, 600, 1200, 1800, 3600], size: 30 }), axis({ size: 42 })],
        series: [{}, { stroke: () => colour("--ink"), width: 2, points: { show: false }, spanGaps: false }],
        hooks: { drawClear: [marks] },
      },
      [state.curve.at, state.curve.bpm],
      place,
    );
    plot.root.setAttribute("role", "img");
    plot.root.setAttribute("aria-label", words.chart);
    plot.fit = () => plot.setSize(size());
    return plot;
  }

  function lasts(state, began) {
    // the whole course is in sight; a free run grows by five minutes at a time
    const { curve, look: told } = state;
    const soFar = curve.at.length ? curve.at[curve.at.length - 1] - began : 0;
    const course = told && told.legs ? told.legs.reduce((sum, leg) => sum + leg[1], 0) : 0;
    return began + Math.max(300, course, Math.ceil(soFar / 300) * 300);
  }

  function heights(curve, lowest, highest) {
    const low = Math.min(curve.low === null ? 80 : curve.low - 20, lowest === null ? 999 : lowest - 5);
    const high = Math.max(curve.high === null ? 150 : curve.high + 20, highest === null ? 0 : highest + 5);
    return [low, high];
  }

  function redraw() {
    for (const { plot } of runners.values()) if (plot) plot.fit();
  }

  // -- buttons ----------------------------------------------------------------------------------------

  const STOP_AGAIN_MS = 4000;

  stage.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form.do")) return;
    event.preventDefault();
    const button = form.querySelector("button");
    if (form.matches(".stop") && !form.dataset.sure) return askAgain(form, button);
    button.disabled = true;
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { Accept: "application/json" },
      });
      const told = await answer.json();
      if (told.refused) say(form.closest("[data-runner]").dataset.runner, told.refused);
    } catch (error) {
      say(form.closest("[data-runner]").dataset.runner, words.failed);
    } finally {
      button.disabled = false;
    }
  });

  function askAgain(form, button) {
    // a sleeve on the screen must not end a run
    const word = button.textContent;
    form.dataset.sure = "yes";
    button.textContent = words.again;
    setTimeout(() => {
      delete form.dataset.sure;
      button.textContent = word;
    }, STOP_AGAIN_MS);
  }

  // -- the screen -------------------------------------------------------------------------------------

  let lock = null;

  async function keepAwake() {
    const isRunning = cards().some((card) => card.dataset.session);
    const line = document.getElementById("screen");
    if (!navigator.wakeLock) return put(line, words.asleep);
    if (!isRunning || document.hidden) {
      if (lock && !document.hidden) lock.release();
      return put(line, "");
    }
    if (lock) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      put(line, words.awake);
      lock.addEventListener("release", () => {
        lock = null;
        put(line, "");
      });
    } catch (error) {
      lock = null; // an empty battery may say no
    }
  }

  // ---------------------------------------------------------------------------------------------------

  offerSwitches();
  connect();
  setInterval(watch, 500);
  setInterval(keepAwake, 2000);
  document.addEventListener("visibilitychange", () => {
    watch();
    keepAwake();
  });
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(redraw));
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => event.persisted && connect());
})();
