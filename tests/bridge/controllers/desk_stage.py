"""A session's parameters without an engine, and a controller's far side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from bridge import music_paths
from bridge.controllers.desk import Desk, Place
from bridge.errors import MessageError
from bridge.parameter_paths import ParameterInfo, find, matching, number
from bridge.session import Session, parse

TRACKS = ("piano", "bass", "drums")
MIXER = "".join(f'[[tracks]]\nname = "{name}"\nparts = ["{part}"]\ninstrument = "{sound}"\n'
                for name, part, sound in (("piano", "comp", "piano"), ("bass", "bass", "upright-bass"),
                                          ("drums", "drums", "jazz-kit")))


def session(text: str, tracks: str = MIXER) -> Session:
    return parse(f'name = "Desk"\n{tracks}\n{text}', "desk.toml")


def infos(of: Session) -> dict[str, ParameterInfo]:
    """What the console of such a session lists, and an effect, a synth and the composers."""
    found = []
    for name in [*(t.name for t in of.tracks), *(g.name for g in of.groups), *(r.name for r in of.returns)]:
        found += [ParameterInfo(f"mixer.{name}.gain_db", 0.0, "dB; -90 = off", -90.0, 24.0, 0.0),
                  ParameterInfo(f"mixer.{name}.pan", 0.0, "-1 left .. 1 right", -1.0, 1.0, 0.0),
                  ParameterInfo(f"mixer.{name}.mute", 0.0, "0 off .. 1 on", 0.0, 1.0, 0.0, True),
                  ParameterInfo(f"mixer.{name}.solo", 0.0, "0 off .. 1 on", 0.0, 1.0, 0.0, True)]
        if name in [t.name for t in of.tracks]:
            found += [ParameterInfo(f"mixer.{name}.send.{r.name}", -20.0, "dB; -90 = off", -90.0, 12.0, -90.0)
                      for r in of.returns]
    found += [ParameterInfo("mixer.master.gain_db", 0.0, "dB; -90 = off", -90.0, 24.0, 0.0),
              ParameterInfo("master.filter.cutoff_hz", 20_000.0, "Hz", 20.0, 20_000.0, 20_000.0, log=True),
              ParameterInfo("return.room.reverb.mix", 0.3, "0 dry .. 1 wet", 0.0, 1.0, 0.3)]
    first = of.tracks[0].name
    found += [ParameterInfo(f"track.{first}.synth.filter.cutoff_hz", 2000.0, "Hz", 20.0, 20_000.0, 2000.0, log=True),
              ParameterInfo(f"track.{first}.synth.wave", 0.0, "", 0.0, 2.0, 0.0, True, False, ("sine", "saw", "pulse")),
              ParameterInfo(f"track.{first}.eq.low_db", 0.0, "dB", -24.0, 24.0, 0.0)]
    return {info.path: info for info in (*found, *music_paths.listed(of))}


class Stage:
    """The App, as a desk sees it: parameters go where they are turned."""

    def __init__(self, text: str, tracks: str = MIXER) -> None:
        self.session = session(text, tracks)
        self.infos = infos(self.session)
        self.told: list[str] = []
        self.answers: list[tuple[int, bytes]] = []
        self.here = Place(False, 0, 120.0)
        self.said: list[str] = []
        self.now_s = 100.0
        self.desk = Desk(self, None, say=self.said.append, clock=lambda: self.now_s)

    async def set(self, values: Mapping[str, float | str], ramp_s: float | None) -> None:
        turned = {}
        for path, value in values.items():
            if music_paths.takes_words(path):
                self.told.append(f"{path} = {value}")
                continue
            info = find(path, self.infos)
            turned[info.path] = number(info, value)
        for path, each in turned.items():
            self.turn(path, each)

    def turn(self, path: str, value: float) -> None:
        self.infos[path] = msgspec.structs.replace(self.infos[path], value=value)

    async def play(self) -> None:
        self.told.append("play")

    async def stop(self) -> None:
        self.told.append("stop")

    async def locate(self, bar: int) -> None:
        if bar > 10_000:
            raise MessageError("too far")
        self.told.append(f"locate {bar}")

    async def record(self, on: bool | None) -> None:
        self.told.append({None: "record?", True: "record", False: "record off"}[on])

    async def arm(self, track: str) -> None:
        self.told.append(f"arm {track}")

    def parameters(self, match: str | None) -> Sequence[ParameterInfo]:
        return matching(self.infos.values(), match)

    def lookup(self) -> Callable[[str], ParameterInfo | None]:
        return self.infos.get

    def takes_words(self, path: str) -> bool:
        return music_paths.takes_words(path)

    def place(self) -> Place | None:
        return self.here

    def answer(self, control: int, messages: Sequence[bytes]) -> None:
        self.answers += [(control, message) for message in messages]

    # -- for tests

    def value(self, path: str) -> float:
        return self.infos[path].value

    async def heed(self, after_s: float = 0.05) -> list[bytes]:
        """A twentieth of a second later; what the controllers are sent."""
        self.now_s += after_s
        self.answers.clear()
        await self.desk.heed()
        return [message for _, message in self.answers]

    async def settle(self) -> None:
        """Until the controllers show all there is."""
        for _ in range(40):
            if not await self.heed():
                return
        raise AssertionError("the controllers are told something new for ever")
