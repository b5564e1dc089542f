// Opus (RFC 6716), decoded by the browser: WebCodecs' AudioDecoder, which browsers give to https and localhost only.

/** Packets of one stream in, the same messages out with float32 samples, in their order. */
export class OpusReader {
  #decoder = null;
  #waiting = []; // headers of the packets that are being decoded
  #onAudio;
  #onFault;

  static available() {
    return typeof AudioDecoder === "function";
  }

  /** onAudio takes a message as of readAudio(), format "float32"; onFault the words for what went wrong. */
  constructor(onAudio, onFault) {
    this.#onAudio = onAudio;
    this.#onFault = onFault;
  }

  /** A message as readAudio() gives it, of format "opus". */
  push(packet) {
    const last = this.#waiting.at(-1);
    if (last && (last.sampleRate !== packet.sampleRate || last.channels !== packet.channels)) this.close();
    if (!this.#decoder) this.#open(packet);
    this.#waiting.push(packet);
    // The decoder gives time stamps back, but as it reckons them; packets are kept in line instead.
    const timestamp = Math.round((packet.frame / packet.sampleRate) * 1e6);
    this.#decoder.decode(new EncodedAudioChunk({ type: "key", timestamp, data: packet.data }));
  }

  /** Idempotent; what is being decoded is dropped. */
  close() {
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#waiting = [];
    if (decoder && decoder.state !== "closed") decoder.close();
  }

  #open({ sampleRate, channels }) {
    this.#decoder = new AudioDecoder({
      output: (sound) => this.#take(sound),
      error: (problem) => {
        this.close();
        this.#onFault(`Opus could not be decoded: ${problem.message}`);
      },
    });
    this.#decoder.configure({ codec: "opus", sampleRate, numberOfChannels: channels });
  }

  #take(sound) {
    const { data: _packet, ...head } = this.#waiting.shift() ?? {};
    if (head.type && sound.numberOfFrames === head.frames && sound.sampleRate === head.sampleRate) {
      const channels = Math.min(head.channels, sound.numberOfChannels);
      const samples = new Float32Array(head.frames * head.channels);
      const plane = new Float32Array(head.frames);
      for (let channel = 0; channel < head.channels; channel++) {
        sound.copyTo(plane, { planeIndex: Math.min(channel, channels - 1), format: "f32-planar" });
        for (let n = 0; n < head.frames; n++) samples[n * head.channels + channel] = plane[n];
      }
      this.#onAudio({ ...head, format: "float32", data: samples.buffer });
    } else if (head.type) {
      this.#onFault(`Opus: ${sound.numberOfFrames} frames at ${sound.sampleRate} Hz came of a packet of ${head.frames}`);
    }
    sound.close();
  }
}
