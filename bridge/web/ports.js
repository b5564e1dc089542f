// The MIDI ports: what each is connected to, and which is still looked for; inputs for players light when played.

export class Ports {
  constructor(list) {
    this.list = list;
    this.shown = "";
  }

  update(ports, inputs) {
    this.show(ports, inputs);
    for (const { name, played } of inputs) {
      const row = [...this.list.children].find((each) => each.dataset.name === name);
      row?.toggleAttribute("data-played", played);
    }
  }

  show(ports, inputs) {
    const plays = new Map(inputs.map(({ name, tracks }) => [name, tracks.join(", ")]));
    const key = JSON.stringify([ports, [...plays]]);
    if (key === this.shown) return;
    this.shown = key;
    this.list.replaceChildren(...ports.map(({ name, wanted, connected }) => {
      const row = document.createElement("li");
      const lamp = document.createElement("i");
      lamp.className = "lamp";
      const state = connected.length ? "good" : wanted ? "bad" : "idle";
      row.dataset.state = state;
      row.dataset.name = name;
      const ours = document.createElement("b");
      ours.textContent = plays.has(name) ? `${name} → ${plays.get(name)}` : name;
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
