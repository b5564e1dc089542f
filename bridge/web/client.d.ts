// Types of client.js and serverclock.js.

import type {
  Follow, GenerateParams, Hello, Learning, Lost, Meters, MidiEvent, ModifyParams, Move, ParameterInfo, RecordMessage,
  Status,
} from "./protocol";

export type {
  GenerateParams, Hello, Learning, Lost, Meters, MidiEvent, ModifyParams, Move, ParameterInfo, Status,
};

export type SampleFormat = "float32" | "int16" | "opus";
export type BlockFrames = 64 | 128 | 256 | 512 | 1024 | 2048;
export type Connection = "connecting" | "open" | "closed";

/** Some frames of sound. */
export interface Audio {
  type: "audio";
  /** Of `data`: a client decodes, so that its listeners get "float32". */
  format: SampleFormat;
  /** Interleaved float32, full scale 1; of "opus", the packet. */
  data: ArrayBuffer;
  /** Hz. */
  sampleRate: number;
  channels: number;
  frames: number;
  /** Index of the first frame; a gap between messages is lost audio. */
  frame: number;
  /** The same in seconds. */
  time: number;
  /** The server's monotonic clock at the first frame, ns. */
  serverNs: number;
  /** 0: the mix; n: the n-th track of hello, from 1. */
  stream: number;
}

/** How audio comes. */
export interface Sound {
  /** "int16" needs half the bytes of "float32", "opus" a tenth. */
  format?: SampleFormat;
  /** Frames in a message, at least. */
  block?: BlockFrames;
  /** Sound that the server keeps while this client does not read, 10 to 1000 ms. */
  buffer?: number;
  /** Names of tracks that come alone, to "stem". */
  stems?: string[];
}

export interface Options extends Sound {
  /** Where the server wants one. */
  token?: string;
  /** Further addresses of the same music (relays), tried in turn when one does not answer. */
  others?: string[];
  /** How long an answer may take; 10000. */
  timeoutMs?: number;
}

/** What a client may listen to, and what its listeners get. */
export interface Topics {
  /** The mix. */
  audio: Audio;
  /** Tracks alone. */
  stem: Audio;
  midi: MidiEvent[];
  status: Status;
  /** The levels of status, for who wants no more. */
  meters: Meters;
  /** What anybody has turned. */
  moved: Move[];
  /** Audio that the server dropped because this client did not keep up. */
  lost: Lost;
  /** MIDI learn: what waits for a controller, and what got one. */
  learning: Learning;
  hello: Hello;
  /** After each round trip; the clock is kept while this is listened to. */
  clock: ServerClock;
  error: { type: "error"; message: string; request?: string | null; id?: number | null };
  connection: Connection;
}

export type Topic = keyof Topics;
export const TOPICS: readonly Topic[];

/** The connection to Sideman: it connects by itself, again after a loss, and asks only for what is listened to. */
export class MusicClient {
  /** Throws where "opus" is asked of a browser that does not decode it here. */
  constructor(url: string, options?: Options);

  /** The address that answered last, or is to be tried next. */
  readonly url: string;
  readonly connection: Connection;
  /** The last of its kind, null before the first. */
  readonly hello: Hello | null;
  readonly status: Status | null;
  readonly clock: ServerClock;
  readonly stems: string[];

  /** Call `listener` with each message of `topic`; returns a function that takes it off again. */
  on<T extends Topic>(topic: T, listener: (message: Topics[T]) => void): () => void;

  /** Choose how audio comes; what is not named stays. */
  subscribe(sound: Sound): void;

  /** Compose afresh and play. Rejects with the server's words when it refuses; the same holds for all below. */
  generate(params?: GenerateParams): Promise<unknown>;

  /** Change what plays, heard from the next bar line (or beat) on. */
  modify(params: ModifyParams, options?: { at?: "bar" | "beat" }): Promise<unknown>;

  /** Turn parameters by path, in `ramp` seconds: set({ "mixer.bass.gain_db": -6 }). */
  set(values: Record<string, number | string>, options?: { ramp?: number }): Promise<unknown>;

  /** What can be turned; those whose path holds all words of `match`. */
  parameters(match?: string): Promise<ParameterInfo[]>;

  /** Write recorded layers, and what hosted plug-ins are set to, into the session's own file. */
  keep(): Promise<unknown>;

  /** The controller that is turned next is to turn `path`; null: none is. "learning" tells which. */
  learn(path?: string | null): Promise<unknown>;

  /** Take out what turns `path`; null: undo what was learnt last. */
  unlearn(path?: string | null): Promise<unknown>;

  /** Record what is played in on armed tracks, or stop. */
  record(on?: boolean, how?: Omit<RecordMessage, "type" | "id" | "on">): Promise<unknown>;

  /** These tracks are recorded, and no others. */
  arm(...tracks: string[]): Promise<unknown>;

  /** Take back the last layer, or have it again. */
  undo(): Promise<unknown>;
  redo(): Promise<unknown>;

  /** Take away one layer by its number (see status), those of a track, or all. */
  clear(which?: { layer?: number; track?: string }): Promise<unknown>;

  /** Those that the band follows, and no others. */
  follow(what: NonNullable<Follow["what"]>, how?: Pick<Follow, "react" | "hold">): Promise<unknown>;

  stop(): Promise<unknown>;
  play(): Promise<unknown>;

  /** Go to the start of a bar, counted from 1. */
  locate(bar: number): Promise<unknown>;

  /** The server's clock as it was half a round trip ago. */
  ping(): Promise<{ roundTripMs: number; serverNs: number }>;

  /** End the connection for good. */
  close(): void;
}

/** Local <-> server time, in ns: local is performance.now() * 1e6. */
export class ServerClock {
  /** Whether there were round trips enough. */
  readonly ready: boolean;
  /** server - local, at the newest trip; 0 before the first. */
  readonly offsetNs: number;
  /** By how much the server's clock is faster than ours, in millionths. */
  readonly driftPpm: number;
  /** By how much the offset may be wrong at most, were all of the shortest trip spent on one way. */
  readonly errorNs: number;
  /** Seconds to wait between one trip and the next, now. */
  readonly waitS: number;
  /** How often all was learnt anew: the clocks had gone apart. */
  readonly jumps: number;
  toLocal(serverNs: number): number;
  toServer(localNs: number): number;
  /** A trip: when `ping` left and `pong` came by our clock, and what the server's said in between. */
  add(sentNs: number, serverNs: number, receivedNs: number): void;
}

/** One binary message as a value, or null for what is none of this version. */
export function readAudio(buffer: ArrayBuffer): Audio | null;
