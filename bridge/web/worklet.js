// The player on the audio thread: what comes from player.js goes to a Playback, its reports go back.

import { Playback } from "./playback.js";

const REPORT_BLOCKS = 16; // of 128 frames: some 23 reports a second

registerProcessor(
  "sideman-player",
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.playback = new Playback(sampleRate);
      this.blocks = 0;
      this.port.onmessage = ({ data }) => {
        if (data.data) this.playback.push(new Float32Array(data.data), data.channels, data.sampleRate, data.frame);
        else this.playback.aim(data.aim);
      };
    }

    process(_inputs, [output]) {
      const report = this.blocks++ % REPORT_BLOCKS === 0 ? this.playback.report(currentTime) : null;
      this.playback.pull(output[0], output[1] ?? output[0], currentTime);
      if (report) this.port.postMessage(report);
      return true;
    }
  },
);
