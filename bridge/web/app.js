// The page: shows what the server tells, sends what the musician asks.

import { MusicClient } from "./client.js";
import { Listening } from "./listening.js";
import { admission, heed } from "./login.js";
import { PianoRoll } from "./roll.js";
import { Band } from "./band.js";
import { LeadSheet, showChord } from "./chart.js";
import { Ports } from "./ports.js";
import { Knobs } from "./knobs.js";
import { Learn } from "./learn.js";
import { Sound } from "./sound.js";
import { Music } from "./music.js";
import { PlayAlong } from "./playalong.js";
import { formTitle, pending, setRange, setValue, show, titled } from "./fields.js";

const $ = (id) => document.getElementById(id);
const socketScheme = location.protocol === "https:" ? "wss:" : "ws:";
const client = new MusicClient(`${socketScheme}//${location.host}/music`, { token: await admission() });
heed(client);
const roll = new PianoRoll($("roll"));
const knobs = new Knobs(client, () => {
  band.bind();
  sound.update();
});
const sound = new Sound($, knobs, new Learn($, client, ask, log));
const band = new Band($, knobs, (channel) => sound.open(channel), (params) => ask(client.modify(params)));
const music = new Music($, client, ask, log);
const playAlong = new PlayAlong($, client, ask);
const ports = new Ports($("ports"));
const sheet = new LeadSheet($("chart"));
const listening = new Listening($, client, log);
const stats = { frames: 0, blocks: 0, underruns: 0, lostFrames: 0, fill: 0, rate: 0 };
let status = null;

window.sideman = { client, stats, roll, analyser: null, context: null, player: null };
listening.onSound = (made) => Object.assign(window.sideman, made);

// --- Words ---

const lastSeen = new Map();
let toastTimer = 0;

/** A line in the log; errors also come up for a moment, for the log may be out of sight. */
function log(level, text) {
  const list = $("log");
  list.querySelector(".empty")?.remove();
  const first = list.firstElementChild;
  if (first?.dataset.text === text) {
    first.dataset.count = String(Number(first.dataset.count) + 1);
    first.lastElementChild.textContent = `${text} (${first.dataset.count} times)`;
  } else {
    const item = document.createElement("li");
    const time = document.createElement("time");
    const words = document.createElement("span");
    time.textContent = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
    words.textContent = text;
    words.className = level;
    Object.assign(item.dataset, { text, count: "1" });
    item.append(time, words);
    list.prepend(item);
    while (list.children.length > 100) list.lastElementChild.remove();
  }
  if (level === "error") {
    const toast = $("toast");
    toast.textContent = text;
    toast.hidden = false;
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => { toast.hidden = true; }, 6000);
  }
}

/** Do what was asked; the server's refusal comes as an "error" message, what the client itself finds is told here. */
function ask(promise) {
  promise.catch((problem) => {
    if (problem.request === undefined) log("error", problem.message);
  });
}

// --- What the server tells ---

client.on("connection", (state) => {
  const [lamp, text] = { open: ["good", "Connected"], connecting: ["warn", "Connecting"], closed: ["bad", "Reconnecting"] }[state];
  $("connection").dataset.state = lamp;
  show($("connection-text"), text);
  document.body.toggleAttribute("data-offline", state !== "open");
  if (state === "closed" && status) log("warning", "The connection to Sideman was lost; trying again.");
});

client.on("error", ({ message }) => log("error", message));

client.on("hello", (hello) => {
  show($("session"), hello.session);
  document.title = `${hello.session} · Sideman`;
  roll.setTracks(hello.tracks);
  band.setTracks(hello.tracks, hello.instruments);
  music.greet(hello);
  playAlong.greet(hello);
});

client.on("status", (news) => {
  const now = performance.now() / 1000;
  status = news;
  roll.status(news, now);
  sheet.update(news);
  playAlong.update(news);
  band.levels(news.levels, now);
  band.hosted(news.plugins);
  knobs.count(news.turnable);
  const playing = news.status === "playing";
  $("play").toggleAttribute("data-playing", news.status !== "stopped");
  $("play").setAttribute("aria-label", news.status === "stopped" ? "Play" : "Stop");
  $("roll-hint").hidden = playing || roll.notes.length > 0;
  showClock(news.clock);
  const following = news.clock.state === "following" || news.clock.state === "lost";
  $("tempo").readOnly = following;
  $("tempo").title = following ? "The master sets the tempo" : "Tempo (+ and − keys)";
  if (document.activeElement !== $("tempo") || following) setValue($("tempo"), formatTempo(news.tempo));
  show($("tempo-note"), following ? "from the master" : "");
  show($("meter"), news.timeSignature.join("/"));
  showChord($("chord"), news.chord);
  showChord($("next-chord"), news.nextChord);
  show($("section"), news.section || "–");
  show($("key-fact"), news.key ? `${news.key} ${news.mode}` : "–");
  const words = [news.genre && titled(news.genre), news.style, news.form && formTitle(news.form)];
  const style = words.filter(Boolean).join(", ");
  show($("style-fact"), news.status === "generating" ? `Composing ${Math.round((news.progress ?? 0) * 100)} %` : style || "–");
  music.update(news);
  band.resting(news.mute ?? []);
  if (news.volume !== null) setRange($("volume"), volumeToFader(news.volume));
  showRanges();
  ports.update(news.ports ?? [], news.inputs ?? []);
  for (const { level, text } of news.notices) if (!lastSeen.has(text)) log(level, text);
  lastSeen.clear();
  for (const { text } of news.notices) lastSeen.set(text, true);
});

client.on("midi", (events) => {
  stats.blocks++;
  roll.midi(events);
});

function showClock({ state, source, bpm, jitterMs }) {
  const words = {
    own: ["good", "Own tempo"],
    waiting: ["warn", `Waiting for ${source ?? "a master clock"}`],
    following: ["good", `Following ${source ?? "the master"}`],
    lost: ["bad", `Lost ${source ?? "the master"}`],
  }[state] ?? ["warn", state];
  $("clock").dataset.state = words[0];
  $("clock").title = bpm
    ? `The master's clock says ${bpm.toFixed(2)} BPM` + (jitterMs ? `, with ${jitterMs.toFixed(2)} ms of jitter` : "") : "";
  show($("clock-text"), words[1]);
}

const formatTempo = (tempo) => (Math.abs(tempo - Math.round(tempo)) < 0.05 ? String(Math.round(tempo)) : tempo.toFixed(1));

// --- Fields ---

// The fader's taper: 60 dB of travel, the last step to silence.
const faderToVolume = (fader) => (fader <= 0 ? 0 : 10 ** ((fader - 100) * 0.03));
const volumeToFader = (volume) => (volume <= 0.001 ? 0 : 100 + (Math.log10(volume) / 0.03));

function showRanges() {
  const volume = faderToVolume(Number($("volume").value));
  show($("volume-out"), volume ? `${(20 * Math.log10(volume)).toFixed(volume > 0.99 ? 0 : 1).replace("-", "−")} dB` : "Off");
}

// --- What the musician asks ---

const modify = (input, params) => {
  pending(input);
  ask(client.modify(params));
};
const togglePlay = () => ask(status && status.status !== "stopped" ? client.stop() : client.play());
const toStart = () => ask(client.locate(1));

function setTempo(tempo) {
  if ($("tempo").readOnly || !Number.isFinite(tempo)) return;
  const kept = Math.min(400, Math.max(20, tempo));
  setValue($("tempo"), formatTempo(kept));
  ask(client.modify({ tempo: kept }));
}

$("play").addEventListener("click", togglePlay);
$("home").addEventListener("click", toStart);
$("tempo").addEventListener("change", ({ target }) => setTempo(target.valueAsNumber));
$("tempo").addEventListener("keydown", ({ key, target }) => (key === "Enter" || key === "Escape") && target.blur());
let lastVolume = 0;
$("volume").addEventListener("input", ({ target, timeStamp, type }) => {
  pending(target);
  showRanges();
  if (timeStamp - lastVolume < 40 && type === "input") return; // enough for the ear, and for the server
  lastVolume = timeStamp;
  ask(client.modify({ volume: faderToVolume(target.valueAsNumber) }));
});
$("volume").addEventListener("change", ({ target }) => modify(target, { volume: faderToVolume(target.valueAsNumber) }));

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const { tagName, type } = event.target;
  const typing = (tagName === "INPUT" && type !== "range" && type !== "checkbox") || tagName === "SELECT";
  const actions = {
    " ": ["BUTTON", "SUMMARY"].includes(tagName) || type === "checkbox" ? null : togglePlay,
    Home: type === "range" ? null : toStart,
    l: () => listening.toggle(),
    L: () => listening.toggle(),
    "+": () => setTempo(status?.tempo + 1),
    "=": () => setTempo(status?.tempo + 1),
    "-": () => setTempo(status?.tempo - 1),
    "?": () => $("shortcuts").showModal(),
  };
  const action = actions[event.key];
  if (!action || typing || (event.repeat && !"+=-".includes(event.key))) return;
  event.preventDefault();
  action();
});
$("open-sound").addEventListener("click", () => sound.open("master"));
$("help").addEventListener("click", () => $("shortcuts").showModal());
// A button that was clicked with a pointer gives the focus back, so that Space goes on meaning play.
addEventListener("click", ({ target, detail }) => detail && target.closest("main button")?.blur());

// --- Every frame ---

let lamps = 0;
let lastNote = 0;

function everyFrame() {
  requestAnimationFrame(everyFrame);
  if (!status) return;
  const now = performance.now() / 1000;
  const time = roll.time;
  const tape = time.tapeAt(listening.time ?? time.streamTime(now));
  const { bar, beat, beats } = time.barBeat(tape);
  show($("bar"), String(bar));
  show($("beat"), String(Math.floor(beat + 1e-6)));
  if (lamps !== beats) {
    lamps = beats;
    $("lamps").replaceChildren(...Array.from({ length: beats }, () => document.createElement("i")));
  }
  const lit = status.status === "playing" ? Math.floor(beat + 1e-6) - 1 : -1;
  [...$("lamps").children].forEach((lamp, n) => lamp.classList.toggle("on", n === lit));
  sheet.draw(bar);
  band.draw(now);
  roll.draw(tape);
  stats.frames++;
  if (listening.player) Object.assign(stats, listening.player.report);
  listening.draw(now);
}
requestAnimationFrame(everyFrame);
