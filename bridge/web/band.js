// The band: each track's name, colour and level meter, and the mix's.

const FLOOR_DB = -48;
const FALL_DB_PER_S = 26;

/** A level meter's bar: rises at once, falls as a peak programme meter does. */
class Meter {
  constructor(element) {
    this.element = element;
    this.db = FLOOR_DB;
    this.goal = FLOOR_DB;
    this.shown = -1;
  }

  set(peak) {
    this.goal = peak > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(peak)) : FLOOR_DB;
    this.db = Math.max(this.db, this.goal);
  }

  draw(seconds) {
    this.db = Math.max(this.goal, this.db - FALL_DB_PER_S * seconds);
    const share = Math.round(Math.min(1, 1 - this.db / FLOOR_DB) * 500) / 500;
    if (share === this.shown) return;
    this.shown = share;
    this.element.style.setProperty("--level", share);
    this.element.classList.toggle("hot", this.db > -0.1);
  }
}

export class Band {
  constructor($) {
    this.list = $("tracks");
    this.master = [new Meter($("master-left")), new Meter($("master-right"))];
    this.tracks = new Map();
    this.last = 0;
  }

  setTracks(tracks) {
    this.tracks.clear();
    this.list.replaceChildren(...tracks.map((track, n) => {
      const row = document.createElement("li");
      row.className = "track";
      row.style.setProperty("--colour", `var(--track-${n % 8})`);
      const who = document.createElement("span");
      who.className = "who";
      const swatch = document.createElement("i");
      swatch.className = "swatch";
      const name = document.createElement("b");
      name.textContent = track.name.charAt(0).toUpperCase() + track.name.slice(1);
      const line = (kind, text) => {
        const words = document.createElement("span");
        words.className = kind;
        words.textContent = words.title = text;
        return words;
      };
      who.append(swatch, name, line("muted", track.instrument !== track.name ? track.instrument : ""));
      if (track.port) who.append(line("muted port", `${track.port}, ch ${track.channel + 1}`));
      const meters = document.createElement("span");
      meters.className = "meters";
      meters.setAttribute("aria-hidden", "true");
      const bars = [document.createElement("i"), document.createElement("i")];
      meters.append(...bars);
      row.append(who, meters);
      this.tracks.set(track.name, bars.map((bar) => new Meter(bar)));
      return row;
    }));
  }

  levels(levels) {
    for (const [n, meter] of this.master.entries()) meter.set(levels?.master[n] ?? 0);
    for (const [name, meters] of this.tracks) {
      for (const [n, meter] of meters.entries()) meter.set(levels?.tracks[name]?.[n] ?? 0);
    }
  }

  draw(nowS) {
    const seconds = Math.min(0.1, nowS - this.last);
    this.last = nowS;
    for (const meter of this.master) meter.draw(seconds);
    for (const meters of this.tracks.values()) for (const meter of meters) meter.draw(seconds);
  }
}
