// Playing along: record what is played in, layer by layer, and let the band follow. There once a session has an input.

import { setChoice, show, pending } from "./fields.js";

export class PlayAlong {
  constructor($, client, ask) {
    Object.assign(this, { $, client, ask, tracks: "", news: null });
    $("record").addEventListener("click", () => this.#record());
    $("undo").addEventListener("click", () => ask(client.undo()));
    $("redo").addEventListener("click", () => ask(client.redo()));
    $("clear-layers").addEventListener("click", () => ask(client.clear()));
    $("keep-layers").addEventListener("click", () => ask(client.keep()));
    for (const id of ["record-loop", "record-grid", "record-mode", "record-count"]) {
      $(id).addEventListener("change", ({ target }) => { target.dataset.chosen = "1"; });
    }
    for (const box of this.#boxes("follow")) {
      box.addEventListener("change", () => {
        pending($("follow"));
        ask(client.follow(this.#boxes("follow").filter((each) => each.checked).map((each) => each.value)));
      });
    }
  }

  greet({ tracks }) {
    const names = tracks.map((track) => track.name);
    if (names.join("\n") === this.tracks) return;
    this.tracks = names.join("\n");
    const legend = this.$("arm").querySelector("legend");
    this.$("arm").replaceChildren(legend, ...names.map((name) => this.#chip(name)));
  }

  update(news) {
    const { $ } = this;
    const { playing, inputs = [] } = news;
    this.news = playing;
    $("playalong").hidden = !playing || (inputs.length === 0 && playing.layers.length === 0);
    if ($("playalong").hidden) return;
    const state = playing.recording;
    $("record").dataset.state = state;
    $("record").setAttribute("aria-pressed", String(state !== "off"));
    show($("record-text"), state === "off" ? "Record" : state === "on" ? "Stop" : this.#until(news));
    $("record").title = state === "off" ? "Record what you play on the armed tracks" : "Stop recording; the music goes on";
    $("undo").disabled = !playing.canUndo;
    $("redo").disabled = !playing.canRedo;
    $("clear-layers").disabled = playing.layers.length === 0;
    $("keep-layers").disabled = playing.layers.every((layer) => layer.kept);
    for (const [id, value] of [["record-loop", String(playing.loop)], ["record-grid", playing.quantise],
      ["record-mode", playing.mode], ["record-count", String(playing.countIn)]]) {
      $(id).disabled = state !== "off";
      if (state !== "off") delete $(id).dataset.chosen;
      if (!$(id).dataset.chosen) setChoice($(id), value);
    }
    this.#tick("arm", playing.armed);
    this.#tick("follow", playing.follow);
    show($("layers"), this.#described(playing));
    const words = [];
    if (playing.understood) words.push(playing.understood);
    if (playing.key) words.push(playing.key);
    if (playing.energy !== null) words.push(`${Math.round(playing.energy * 100)} %`);
    if (playing.leads) words.push("you lead");
    else if (playing.answering) words.push("the band answers");
    show($("understood"), words.join(" · ") || "–");
    $("understood").toggleAttribute("data-on", playing.holding || playing.leads);
  }

  #record() {
    const off = this.news?.recording === "off";
    const number = (id) => Number(this.$(id).value);
    this.ask(this.client.record(off, off ? {
      loop: number("record-loop"), quantise: this.$("record-grid").value, mode: this.$("record-mode").value,
      countIn: number("record-count"),
    } : {}));
  }

  /** Beats until it begins. */
  #until({ playing, position, timeSignature }) {
    const beats = Math.ceil(((playing.starts ?? position) - position) * timeSignature[1] / 4);
    return `In ${Math.max(1, beats)}`;
  }

  #described({ layers }) {
    if (layers.length === 0) return "Nothing recorded yet";
    const notes = layers.reduce((sum, layer) => sum + layer.notes, 0);
    const loose = layers.filter((layer) => !layer.kept).length;
    return `${layers.length} layer${layers.length === 1 ? "" : "s"}, ${notes} note${notes === 1 ? "" : "s"}${
      loose ? `, ${loose} not kept yet` : ""}`;
  }

  #boxes(id) {
    return [...this.$(id).querySelectorAll("input")];
  }

  #tick(id, names) {
    if (this.$(id).dataset.pending) return;
    for (const box of this.#boxes(id)) box.checked = names.includes(box.value);
  }

  #chip(name) {
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: name });
    const words = document.createElement("span");
    words.textContent = name;
    box.addEventListener("change", () => {
      pending(this.$("arm"));
      this.ask(this.client.arm(...this.#boxes("arm").filter((each) => each.checked).map((each) => each.value)));
    });
    label.append(box, words);
    return label;
  }
}
