"""Another program in a Link session, by aalink alone: commands on stdin, an answer in JSON to each on stdout."""

from __future__ import annotations

import asyncio
import json
import sys
import time

import aalink


async def open_link() -> aalink.Link:
    link = aalink.Link(float(sys.argv[1]))
    link.quantum = 4
    link.start_stop_sync_enabled = True
    link.enabled = True
    return link


def main() -> None:
    link = asyncio.new_event_loop().run_until_complete(open_link())
    for line in sys.stdin:
        match line.split():
            case ["tempo", bpm]:
                link.tempo = float(bpm)
            case ["play"]:
                link.set_is_playing_and_request_beat_at_time(True, link.time, 0.0)
            case ["stop"]:
                link.playing = False
        while True:
            before = time.monotonic_ns()
            beat = link.beat
            after = time.monotonic_ns()
            if after - before < 50_000:
                break
        answer = {"ns": (before + after) // 2, "beat": beat, "tempo": link.tempo, "playing": link.playing,
                  "peers": link.num_peers}
        print(json.dumps(answer), flush=True)  # noqa: T201 - the other end of the pipe reads it


if __name__ == "__main__":
    main()
