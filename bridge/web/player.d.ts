// Types of player.js.

import type { MusicClient } from "./client";

/** As early as the network lets; or together with all who listen so. */
export type Mode = "low-latency" | "sync";
export const MODES: readonly Mode[];

export interface PlayerOptions {
  /** "low-latency", if not named. */
  mode?: Mode;
  /**
   * Low latency: so much more is kept ready than the network was seen to need; null: what dropouts have shown.
   * Sync: from the server's time until the sound is heard, the same for all; null: as the server says. 0 to 1500.
   */
  bufferMs?: number | null;
  /** Sync: what the loudspeaker adds and the device does not tell, and so is played earlier. 0 to 1500. */
  speakerMs?: number;
}

/** How playing does. */
export interface Figures {
  mode: Mode;
  playing: boolean;
  /** How much later than it should be it is played (earlier, if negative). */
  offsetMs: number;
  /** By how much the server's clock may be misread at most; null while it is not known. */
  clockMs: number | null;
  /** How much faster than its own clock says this device must play, millionths. */
  driftPpm: number;
  /** Change of speed, as a ratio: at most 0.0005. */
  correction: number;
  /** How unevenly blocks come: the latest against the earliest of the last 8 s. */
  jitterMs: number;
  /** Sound that is here and not played yet. */
  bufferMs: number;
  /** Sync: what is to be heard now has not come yet. */
  tooShort: boolean;
  /** Sync: from the server's time until the sound is heard; null in low latency. */
  latencyMs: number | null;
  /** The device's own share: from the audio thread to the ear. */
  deviceMs: number;
  /** Whether that is of its time stamps, rather than of what the browser says in general. */
  deviceTells: boolean;
  /** How often the sound that was wanted had not come. */
  underruns: number;
  /** How often it jumped to where it should be. */
  resyncs: number;
  lostFrames: number;
  lostMs: number;
}

/** What the audio thread reports, some 23 times a second. */
export interface PlayerReport {
  /** The AudioContext's time of it, s. */
  contextTime: number;
  /** Of the stream, Hz; 0 before there is one. */
  rate: number;
  playing: boolean;
  /** Of the stream, that is played next, with its fraction. */
  frame: number;
  /** Wanted minus actual place, s. */
  errorS: number;
  correction: number;
  /** The part of the correction that makes up for crystals that are apart, as a ratio. */
  drift: number;
  /** Sound that is there and not played yet, s. */
  fill: number;
  underruns: number;
  resyncs: number;
  lostFrames: number;
}

/** The player of one client's mix. */
export class Player {
  private constructor();

  /** Not playing yet: connect `node`, then start(). */
  static create(context: AudioContext, client: MusicClient, options?: PlayerOptions): Promise<Player>;

  readonly context: AudioContext;
  /** To be connected to whatever is to sound. */
  readonly node: AudioNode;
  readonly mode: Mode;
  readonly report: PlayerReport;
  readonly figures: Figures;
  /** Second on the stream's axis that is heard now, or null while nothing plays. */
  readonly time: number | null;

  /** What is not named stays. Throws a RangeError. */
  choose(options: PlayerOptions): void;

  /** Ask for the mix, and for the server's clock, and play. Idempotent. */
  start(): void;

  /** Idempotent. The context goes on. */
  stop(): void;
}
