// Made from bridge/stream/wire.py: python -m bridge.stream.protocol_doc docs/protocol.md

/** These tracks are recorded, and no others. */
export interface Arm {
  type: "arm";
  id?: number | null;
  tracks: string[];
}

/** A chord of the lead sheet, where it begins (quarters from the start of the piece). */
export interface ChartChord {
  position: number;
  symbol: string;
  section: string;
}

/** Take layers away: one by its number (see `status`), those of a track, or all. It can be taken back. */
export interface Clear {
  type: "clear";
  id?: number | null;
  layer?: number | null;
  track?: string | null;
}

/**
 * Who sets the tempo.
 *
 * state   "own": no master, our own tempo; "waiting": a master is chosen or known, silent or not started yet;
 *         "following": in time with it; "lost": its clock stopped coming while it ran
 * source  the master's port or name, None without one
 * bpm     its tempo as measured, None while unknown
 * jitter_ms  standard deviation of its clocks' arrivals, None without one
 */
export interface ClockStatus {
  state: "following" | "lost" | "own" | "waiting";
  source: string | null;
  bpm: number | null;
  jitterMs: number | null;
}

/** What was wrong, with the remedy; `request` and `id` tell of which message, where that could be read. */
export interface ErrorMessage {
  type: "error";
  message: string;
  request: string | null;
  id: number | null;
}

/** The low-pass on the mix: cutoff in Hz, resonance 0 (none) .. 1 (just short of ringing). */
export interface Filter {
  cutoff: number;
  resonance?: number;
}

/**
 * What of the players the band follows, of all inputs; absent: as it is.
 *
 * what   of "chords" (harmony), "dynamics" (energy), "melody" (key, call and response)
 * react  from the next "beat" or "bar" on; hold: bars for which a chord holds, 0: until the next
 */
export interface Follow {
  type: "follow";
  id?: number | null;
  what?: ("chords" | "dynamics" | "melody")[] | null;
  react?: "bar" | "beat" | null;
  hold?: number | null;
}

/** Compose afresh and play. */
export interface Generate {
  type: "generate";
  id?: number | null;
  params?: GenerateParams;
}

/** What to compose. None (absent or null) leaves it to the session, "auto" to the genre. */
export interface GenerateParams {
  genre?: string | null;
  style?: string | null;
  key?: string | null;
  mode?: string | null;
  tempo?: number | null;
  timeSignature?: [number, 1 | 2 | 4 | 8 | 16 | 32] | null;
  duration?: number | null;
  instruments?: string[] | null;
  form?: string | null;
  seed?: number | null;
  energy?: number | null;
  density?: number | null;
  complexity?: number | null;
  register?: number | null;
  chords?: string | null;
  swing?: number | "auto" | null;
}

/**
 * First message to each client, and again when something in it has changed (a generate may change tracks).
 *
 * genres maps each known genre to its forms, styles to its styles; modes, keys and instruments list what `generate`
 * takes; formats: those in which sound can be had (`subscribe`). role: of this client, by its token; "listen" may
 * `subscribe`, `ping` and ask for `parameters`. sync_latency_ms: who plays in sync plays each frame so long after the
 * server's time of it, as all do. relays: how many lie between this server and the engine.
 */
export interface Hello {
  type: "hello";
  version: number;
  server: string;
  session: string;
  sampleRate: number;
  channels: number;
  tracks: TrackInfo[];
  genres: { [name: string]: string[] };
  styles: { [name: string]: string[] };
  modes: string[];
  keys: string[];
  instruments: string[];
  formats: string[];
  role: "control" | "listen";
  syncLatencyMs: number;
  relays: number;
}

/**
 * An input for a keyboard or pads: its name among `ports`, the tracks that it plays, and whether it is played now.
 *
 */
export interface InputInfo {
  name: string;
  tracks: string[];
  played: boolean;
}

/** Write recorded layers, and what hosted plug-ins are set to, into the session's own file (and files beside it). */
export interface Keep {
  type: "keep";
  id?: number | null;
}

/** A recorded layer: `start` and `end` in quarters from the start of the piece; repeat: quarters, 0 for once. */
export interface LayerInfo {
  number: number;
  track: string;
  start: number;
  end: number;
  repeat: number;
  mode: string;
  notes: number;
  kept: boolean;
}

/**
 * The control that is turned next, on any of the session's controllers, is to turn this parameter, or do this
 * (transport.play, bank.next ...); absent: none is, after all. Answered by `learning` to everyone, now and when it is
 * learnt.
 */
export interface Learn {
  type: "learn";
  id?: number | null;
  path?: string | null;
}

/**
 * MIDI learn. path: what waits for a control to be turned, None: nothing does. learned: what has just got one, and
 * text: in words which, what else that turned, what else turns the parameter, and where it is kept.
 */
export interface Learning {
  type: "learning";
  path: string | null;
  learned: string | null;
  text: string;
}

/** Peaks since the last status, left and right, linear, full scale 1.0 (tracks may pass it). */
export interface Levels {
  master: [number, number];
  tracks: { [name: string]: [number, number] };
  loudness: Loudness | null;
}

/** Go to the start of a bar, counted from 1. */
export interface Locate {
  type: "locate";
  id?: number | null;
  bar: number;
}

/**
 * This client did not keep up: so much audio meant for it was dropped, the oldest first, since the last `lost`.
 *
 * frames  counted in each stream
 */
export interface Lost {
  type: "lost";
  messages: number;
  frames: number;
}

/**
 * Of the mix, by BS.1770-4, renewed every 100 ms; None while there is too little to tell, or only silence.
 *
 * true_peak        between the samples, since the last status, linear
 * momentary_lufs   of the last 400 ms; short_term_lufs: of the last 3 s; integrated_lufs: since the start, gated
 * correlation      of left and right since the last status: 1 the same, 0 strangers, below 0 trouble in mono
 */
export interface Loudness {
  truePeak: number;
  momentaryLufs: number | null;
  shortTermLufs: number | null;
  integratedLufs: number | null;
  correlation: number;
}

/** What `status` tells as `levels`, for who wants no more than that. time: as in `status`. */
export interface Meters {
  type: "meters";
  time: number;
  levels: Levels;
}

/** Notes, sorted by time. */
export interface Midi {
  type: "midi";
  events: MidiEvent[];
}

/** A note as it leaves: time and duration in s, beat in quarters, velocity 1..127, channel 0..15. */
export interface MidiEvent {
  time: number;
  note: number;
  velocity: number;
  duration: number;
  track: string;
  channel: number;
  beat: number;
}

/** Change what plays. at: whether what is composed changes with the next bar line, or already with a beat. */
export interface Modify {
  type: "modify";
  id?: number | null;
  params: ModifyParams;
  at?: "bar" | "beat";
}

/**
 * What to change while it plays. None (absent or null) leaves a thing as it is.
 *
 * volume is a linear gain as in Web Audio's GainNode (0 = silent, 1 = the mix as the session has it), which a
 * client can use without knowing decibels; the taper of a fader is the page's business.
 *
 * chords       a progression in place of the genre's, for the whole piece or by section ("verse: vi IV; chorus: I V")
 * register     semitones by which the lead lies higher
 * mute         these tracks rest, all others play; solo: all but these rest; they are names of tracks
 * section      jump at the next bar line: a section's name ("chorus", "verse 2", "B"), "next", "again", or "ending"
 * instruments  other sounds: for some tracks as {"piano": "rhodes"}; a list is another band, as in `generate`
 * restyle      the tune, the chords and the form that play now to another genre's band, from the next bar on; "off":
 *              the genre's own music again. strength: how far the band goes from them
 */
export interface ModifyParams {
  tempo?: number | null;
  volume?: number | null;
  filter?: Filter | null;
  key?: string | null;
  mode?: string | null;
  genre?: string | null;
  style?: string | null;
  form?: string | null;
  energy?: number | null;
  density?: number | null;
  complexity?: number | null;
  register?: number | null;
  chords?: string | null;
  swing?: number | "auto" | null;
  timeSignature?: [number, 1 | 2 | 4 | 8 | 16 | 32] | null;
  seed?: number | null;
  mute?: string[] | null;
  solo?: string[] | null;
  section?: string | null;
  instruments?: { [name: string]: string } | string[] | null;
  restyle?: Restyle | "off" | null;
  strength?: number | null;
}

/** A parameter that begins to go to `value` at `time` (s, on the audio stream's axis), there after `ramp` s. */
export interface Move {
  path: string;
  value: number;
  time: number;
  ramp: number;
}

/** What clients, controllers and composers have turned, with the time at which it took effect. By `status`. */
export interface Moved {
  type: "moved";
  moves: Move[];
}

/** Something a musician should know, in plain words. One that holds on is repeated as long as it does. */
export interface Notice {
  level: "error" | "info" | "warning";
  text: string;
}

/** The message with this id was carried out. */
export interface Ok {
  type: "ok";
  request: string;
  id: number;
}

/**
 * One parameter. value: where it stands, or glides to; log: knobs and controllers go by its logarithm; words: of a
 * choice, whose low is 0 and whose high is the place of the last.
 */
export interface ParameterInfo {
  path: string;
  value: number;
  unit: string;
  low: number;
  high: number;
  default: number;
  whole: boolean;
  log: boolean;
  words: string[];
}

/** The answer to `parameters`, sorted by path. */
export interface ParameterList {
  type: "parameters";
  parameters: ParameterInfo[];
  id: number | null;
}

/** Which parameters there are; answered by `parameters`. match: only paths that hold all these words. */
export interface Parameters {
  type: "parameters";
  id?: number | null;
  match?: string | null;
}

/** Answered by `pong` at once: t comes back untouched, beside the server's clock. */
export interface Ping {
  type: "ping";
  id?: number | null;
  t?: number | null;
}

/** Play on from where the transport stands. */
export interface Play {
  type: "play";
  id?: number | null;
}

/**
 * What is played in, and what becomes of it.
 *
 * recording   "waiting": it begins at `starts` (quarters); loop: bars, 0 for none
 * layers      as recorded so far, also those of this time round; the last 64
 * understood  the chord that was played last, "" for none; holding: it holds; played: the keys that are down
 * energy      of the playing, None while it is not followed, or rests
 * key         that a melody was understood to be in, "" for none
 * leads       the player leads, and the band's lead rests; answering: it answers
 */
export interface PlayingStatus {
  armed: string[];
  recording: "off" | "on" | "waiting";
  starts: number | null;
  loop: number;
  mode: string;
  quantise: string;
  countIn: number;
  layers: LayerInfo[];
  canUndo: boolean;
  canRedo: boolean;
  follow: string[];
  react: string;
  hold: number;
  understood: string;
  holding: boolean;
  played: number[];
  energy: number | null;
  key: string;
  leads: boolean;
  answering: boolean;
}

/**
 * A hosted plug-in: in which channel, by which name its parameters go ("synth": the instrument), and how it does.
 *
 * state  "ok", "loading", "late", "crashed: respawning (why)", "out: why", "missing: why" or "closed"
 */
export interface PluginInfo {
  channel: string;
  stage: string;
  name: string;
  state: string;
  host: string;
  format: string;
}

/** server_ns is the server's monotonic clock, that of the audio header. */
export interface Pong {
  type: "pong";
  serverNs: number;
  t: number | null;
  id: number | null;
}

/**
 * One of Sideman's MIDI ports: its name, the existing port that it is tied to (None: nobody asked for one), and
 * what it is connected to now. A virtual port outside JACK does not know who listens.
 */
export interface PortInfo {
  name: string;
  wanted: string | null;
  connected: string[];
}

/**
 * Record what is played in on the tracks that are armed, or (on: false) stop recording. Absent: as the session's
 * [playing] has it; where the music stands it is started.
 *
 * loop      bars: each time round is a layer, heard again from the next on; 0: one long layer
 * mode      "merge" with what plays there, or "replace" it
 * quantise  "off", "1/4", "1/8", "1/16", "1/8t" ...; strength 0..1, how much of the way to the grid; swing as there
 * countIn   bars until it begins
 * at        "bar": it begins with the next bar line; "now"
 */
export interface RecordMessage {
  type: "record";
  id?: number | null;
  on?: boolean;
  loop?: number | null;
  mode?: "merge" | "replace" | null;
  quantise?: string | null;
  strength?: number | null;
  swing?: number | null;
  countIn?: number | null;
  at?: "bar" | "now" | null;
}

/** What was taken back is there again. */
export interface Redo {
  type: "redo";
  id?: number | null;
}

/**
 * Another genre's band for the music that plays.
 *
 * strength  0 its own chords and rhythm, 1 the new style's as far as the tune allows
 * style     of the genre; absent: the one that bends the tune least
 * band      "new": the instruments of the style; "same": those that play
 */
export interface Restyle {
  to: string;
  strength?: number;
  style?: string | null;
  band?: "new" | "same";
}

/**
 * Turn parameters of instruments, effects and mixer: values by path (see bridge.parameter_paths).
 *
 * ramp  seconds that it takes, in a straight line; absent: a few ms, as each parameter has it
 */
export interface SetMessage {
  type: "set";
  id?: number | null;
  values: { [name: string]: number | string };
  ramp?: number | null;
}

/**
 * What plays now. Sent many times a second (20 is a good rate) and on every change.
 *
 * progress     0..1 of a piece that ends, or of the composing while "generating"; None while endless
 * current_bar  bar that sounds, from 1; beat: place in it in beats of the meter, 1 <= beat < beats + 1
 * time         second on the audio stream's axis, and `position` the quarter that sounds there: the pair that
 *              lets a client draw bars and playhead between two messages
 * tempo        in effect, quarters a minute
 * levels       None where nobody measures
 * chart        chords of this bar and as many to come as are known, sorted; may be empty
 * xruns        blocks that were late so far
 * plugins      hosted plug-ins, in the order of the channels
 * turnable     how many parameters there are: with another number, ask for the list again
 * swing, chords  None: the style's own
 * mute         tracks that rest
 * sections     what `modify` may jump to, in the order in which they come
 * playing      what is played in: recording and following; None: nothing can be
 */
export interface Status {
  type: "status";
  status: "generating" | "playing" | "stopped";
  progress: number | null;
  currentBar: number;
  beat: number;
  time: number;
  position: number;
  tempo: number;
  timeSignature: [number, number];
  clock: ClockStatus;
  genre: string;
  key: string;
  mode: string;
  form: string | null;
  section: string;
  chord: string;
  nextChord: string;
  chart: ChartChord[];
  energy: number | null;
  seed: number | null;
  volume: number | null;
  levels: Levels | null;
  ports: PortInfo[];
  notices: Notice[];
  xruns: number;
  plugins: PluginInfo[];
  turnable: number;
  style: string | null;
  density: number | null;
  complexity: number | null;
  register: number;
  swing: number | null;
  chords: string | null;
  mute: string[];
  sections: string[];
  playing: PlayingStatus | null;
  inputs: InputInfo[];
}

/** Stop playing. */
export interface Stop {
  type: "stop";
  id?: number | null;
}

/**
 * Choose what is sent to this client; absent leaves as it is. A new client gets the mix (float32), MIDI and status.
 *
 * audio   the mix; stems: these tracks, each as a stream of its own; meters: `meters`, 20 times a second
 * format  of the samples; `hello` names those that there are
 * block   frames gathered into one message, at least: the engine's own block where that is longer. Opus has frames of
 *         its own: 2.5, 5, 10 or 20 ms, the longest that this holds
 * buffer  ms of sound that wait for this client when it does not keep up; of older sound it is told how much was lost
 */
export interface Subscribe {
  type: "subscribe";
  id?: number | null;
  audio?: boolean | null;
  midi?: boolean | null;
  status?: boolean | null;
  meters?: boolean | null;
  stems?: string[] | null;
  format?: "float32" | "int16" | "opus" | null;
  block?: 64 | 128 | 256 | 512 | 1024 | 2048 | null;
  buffer?: number | null;
}

/** A track: its name, instrument, and where its MIDI goes (port's name or None, channel 0..15). */
export interface TrackInfo {
  name: string;
  instrument: string;
  port: string | null;
  channel: number;
}

/** Take back the last layer: while a loop is recorded what was played this time round, or the time before. */
export interface Undo {
  type: "undo";
  id?: number | null;
}

/** Take out what turns this parameter; absent: undo what was learnt last. */
export interface Unlearn {
  type: "unlearn";
  id?: number | null;
  path?: string | null;
}

export type ClientMessage =
  | Generate
  | Modify
  | SetMessage
  | Parameters
  | Stop
  | Play
  | Locate
  | Keep
  | Learn
  | Unlearn
  | RecordMessage
  | Arm
  | Undo
  | Redo
  | Clear
  | Follow
  | Subscribe
  | Ping;
export type ServerMessage =
  | Hello
  | Status
  | Midi
  | Moved
  | Meters
  | Lost
  | Learning
  | ParameterList
  | ErrorMessage
  | Ok
  | Pong;
