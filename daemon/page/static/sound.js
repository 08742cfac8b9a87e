// Tones, speech and vibration for cues: only for who asked for them, and remembered on this device.
"use strict";

window.duurloop = window.duurloop || {};

duurloop.sound = (() => {
  const FRESH_MS = 3000; // a tone that could not sound in time is not made up for
  const TONES = {
    // frequency in Hz, and when it begins in seconds
    up: [[523, 0], [784, 0.22]],
    down: [[784, 0], [523, 0.22]],
    done: [[523, 0], [659, 0.22], [784, 0.44]],
    word: [[392, 0]],
  };
  const SHAKES = { up: [200, 100, 200], down: [500], done: [200, 100, 200, 100, 500], word: [120] };
  const Context = window.AudioContext || window.webkitAudioContext;
  let audio = null;

  function remembered(key, value) {
    try {
      if (value !== undefined) localStorage.setItem(key, value);
      return localStorage.getItem(key);
    } catch (error) {
      return null; // a browser that keeps nothing
    }
  }

  const wants = (what) => remembered(`duurloop-${what}`) === "on";

  function unlock() {
    // browsers let a page sound only after a tap; any tap will do
    if (!Context || !wants("sound")) return;
    audio = audio || new Context();
    if (audio.state !== "running") audio.resume().catch(() => {});
  }

  function schedule(tones) {
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

  function play(tones) {
    if (!Context) return;
    audio = audio || new Context();
    if (audio.state === "running") return schedule(tones);
    const asked = performance.now();
    audio
      .resume()
      .then(() => performance.now() - asked < FRESH_MS && schedule(tones))
      .catch(() => {});
  }

  function speak(text, language) {
    const spoken = new SpeechSynthesisUtterance(text);
    spoken.lang = language;
    speechSynthesis.speak(spoken);
  }

  function cue(tone, text, language) {
    if (wants("sound")) play(TONES[tone] || TONES.word);
    if (wants("vibration") && navigator.vibrate) navigator.vibrate(SHAKES[tone] || SHAKES.word);
    if (wants("speech") && window.speechSynthesis) speak(text, language);
  }

  function offer(place) {
    const there = {
      sound: Context,
      speech: window.speechSynthesis,
      vibration: navigator.vibrate && matchMedia("(pointer: coarse)").matches,
    };
    for (const button of place.querySelectorAll("[data-switch]")) {
      const what = button.dataset.switch;
      button.hidden = !there[what];
      button.setAttribute("aria-pressed", wants(what));
      button.addEventListener("click", () => {
        remembered(`duurloop-${what}`, wants(what) ? "off" : "on");
        button.setAttribute("aria-pressed", wants(what));
        if (wants(what)) cue("up", button.textContent, document.documentElement.lang);
      });
    }
    addEventListener("pointerdown", unlock);
    addEventListener("keydown", unlock);
    place.hidden = false;
  }

  const isWanted = () => ["sound", "speech", "vibration"].some(wants);

  return { cue, isWanted, offer };
})();
