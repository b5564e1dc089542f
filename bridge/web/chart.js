// The lead sheet: this line of four bars and the next, and chord symbols as lead sheets print them.

const BARS_A_LINE = 4;

/** Write a chord symbol with its suffix raised; root, minor and bass stay on the line. */
export function showChord(element, symbol) {
  const text = symbol || "–";
  if (element.dataset.symbol === text) return;
  element.dataset.symbol = text;
  const [, root = "", suffix, bass = ""] = /^([A-G][b#♭♯]?)?(.*?)(\/[A-G][b#♭♯]?)?$/.exec(text);
  if (!root) {
    element.textContent = text;
    return;
  }
  const minor = /^(m(?!aj)|min|-)/.exec(suffix)?.[0] ?? "";
  const raised = document.createElement("sup");
  raised.textContent = suffix.slice(minor.length);
  element.replaceChildren(`${root}${minor}`, ...(raised.textContent ? [raised] : []), bass);
}

/**
 * Two lines of four bars. The line being played stays where it is while the other already shows what follows it, so the
 * eye never loses its place to a page turn.
 */
export class LeadSheet {
  constructor(element) {
    this.element = element;
    this.cells = Array.from({ length: 2 * BARS_A_LINE }, () => {
      const cell = document.createElement("li");
      const head = document.createElement("small");
      const chords = document.createElement("span");
      cell.append(head, chords);
      return { cell, head, chords, shown: "" };
    });
    element.append(...this.cells.map(({ cell }) => cell));
    this.bars = new Map(); // bar -> {chords: [symbol], section}
    this.piece = "";
  }

  update(status) {
    const piece = [status.genre, status.key, status.mode, status.form, status.seed].join();
    if (piece !== this.piece) this.bars.clear();
    this.piece = piece;
    const [beats, unit] = status.timeSignature;
    const barQuarters = (beats * 4) / unit;
    const barStart = status.position - ((status.beat - 1) * 4) / unit;
    const fresh = new Map();
    for (const { position, symbol, section } of status.chart) {
      const bar = status.currentBar + Math.floor((position - barStart) / barQuarters + 1e-6);
      const entry = fresh.get(bar) ?? { chords: [], section };
      entry.chords.push(symbol);
      fresh.set(bar, entry);
    }
    for (const [bar, entry] of fresh) this.bars.set(bar, entry);
    if (this.bars.size > 512) this.bars.clear();
    this.element.hidden = this.bars.size === 0;
  }

  /** Show the lines around `bar` (from 1) and mark it. */
  draw(bar) {
    const line = Math.floor((bar - 1) / BARS_A_LINE);
    this.cells.forEach((cell, n) => {
      const shownLine = Math.floor(n / BARS_A_LINE) === line % 2 ? line : line + 1;
      const number = shownLine * BARS_A_LINE + (n % BARS_A_LINE) + 1;
      const entry = this.bars.get(number);
      const before = this.bars.get(number - 1);
      const section = entry?.section && entry.section !== before?.section ? entry.section : "";
      const key = `${number} ${entry?.chords.join(" ")} ${section} ${number === bar}`;
      if (cell.shown === key) return;
      cell.shown = key;
      cell.cell.toggleAttribute("data-now", number === bar);
      cell.head.textContent = section ? `${number}  ${section}` : String(number);
      cell.chords.replaceChildren(...(entry?.chords ?? [""]).map((symbol) => {
        const chord = document.createElement("b");
        if (symbol) showChord(chord, symbol);
        return chord;
      }));
    });
  }
}
