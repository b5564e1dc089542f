// The MIDI ports: what each is connected to, and which is still looked for.

export class Ports {
  constructor(list) {
    this.list = list;
    this.shown = "";
  }

  update(ports) {
    const key = JSON.stringify(ports);
    if (key === this.shown) return;
    this.shown = key;
    this.list.replaceChildren(...ports.map(({ name, wanted, connected }) => {
      const row = document.createElement("li");
      const lamp = document.createElement("i");
      lamp.className = "lamp";
      const state = connected.length ? "good" : wanted ? "bad" : "idle";
      row.dataset.state = state;
      const ours = document.createElement("b");
      ours.textContent = name;
      const theirs = document.createElement("span");
      theirs.className = "muted";
      theirs.textContent = { good: connected.join(", "), bad: `looking for ${wanted}`, idle: "free" }[state];
      theirs.title = theirs.textContent;
      row.append(lamp, ours, theirs);
      return row;
    }));
    this.list.closest("details").hidden = ports.length === 0;
  }
}
