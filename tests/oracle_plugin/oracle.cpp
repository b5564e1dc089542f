/* A plug-in that does exactly what the tests can compute, and misbehaves when it is told to.
 *
 * Synth: each held key sounds from its very frame to the frame of its note-off as
 *   0.1 gain velocity/127 cc11/127 (sin(p) + pressure/127 sin(3 p)),  p = 2 pi (1 + program) integral of f
 * Effect: gain (1 - |side-chain|) input. All of it is late by Delay frames, which it reports.
 *
 * Mode (or a key from 0 on channel 16, by its number) makes it crash, hang, and so on; SIDEMAN_ORACLE_LOG names a file
 * that it writes all that it is told to, a line each.
 */
#include "DistrhoPlugin.hpp"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <vector>

START_NAMESPACE_DISTRHO

enum Mode { kPlay, kCrash, kHang, kNan, kAllocate, kSlow, kDrift, kEcho, kArpeggio, kPrint, kExit, kModes };
static const char* const kModeNames[kModes] = {
    "Play", "Crash", "Hang", "NaN", "Allocate", "Slow", "Drift", "Echo", "Arpeggio", "Print", "Exit"
};

/* DPF's VST3 takes the first parameter of a plug-in with MIDI for a controller and always shows 0: kUnused stands there;
 * its VST2 wants what a plug-in tells (from kTempo on) at the end. */
enum Index { kUnused, kGain, kMode, kDelay, kKnobs, kTempo = kKnobs + ORACLE_KNOBS, kBeat, kPlaying, kHeard, kCount };

static const uint32_t kMostLatency = 2048, kLine = 4096;

struct Held { uint8_t channel, key, velocity; double phase; };

class Oracle : public Plugin {
public:
    Oracle() : Plugin(kCount, 0, 1), fKnobs(ORACLE_KNOBS, 0.5f), fLine(2 * kLine, 0.0f)
    {
        for (int channel = 0; channel < 16; ++channel) {
            fExpression[channel] = 127;
            fPressure[channel] = fProgram[channel] = 0;
            fBend[channel] = 0.0;
        }
        const char* path = std::getenv("SIDEMAN_ORACLE_LOG");
        fLog = path != nullptr && path[0] != '\0' && !isDummyInstance() ? std::fopen(path, "a") : nullptr;
    }

    ~Oracle() override
    {
        if (fLog != nullptr)
            std::fclose(fLog);
    }

protected:
    const char* getLabel() const override { return "oracle"; }
    const char* getMaker() const override { return "Sideman"; }
    const char* getLicense() const override { return "MIT"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }
    int64_t getUniqueId() const override { return ORACLE_ID; }

    void initAudioPort(bool input, uint32_t index, AudioPort& port) override
    {
        Plugin::initAudioPort(input, index, port);
       #if DISTRHO_PLUGIN_NUM_INPUTS == 3
        if (input && index == 2) {
            port.hints = kAudioPortIsSidechain;
            port.name = "Side-chain";
            port.symbol = "sidechain";
            port.groupId = kPortGroupNone;
        } else {
            port.groupId = kPortGroupStereo;
        }
       #endif
    }

    void initParameter(uint32_t index, Parameter& p) override
    {
        p.hints = kParameterIsAutomatable;
        switch (index) {
        case kUnused:
            set(p, "Unused", "unused", "", 0.0f, 0.0f, 1.0f);
            return;
        case kGain:
            set(p, "Gain", "gain", "dB", 0.0f, -60.0f, 12.0f);
            return;
        case kMode:
            set(p, "Mode", "mode", "", 0.0f, 0.0f, kModes - 1);
            p.hints |= kParameterIsInteger;
            p.enumValues.count = kModes;
            p.enumValues.restrictedMode = true;
            p.enumValues.values = new ParameterEnumerationValue[kModes];
            for (int mode = 0; mode < kModes; ++mode) {
                p.enumValues.values[mode].label = kModeNames[mode];
                p.enumValues.values[mode].value = mode;
            }
            return;
        case kDelay:
            set(p, "Delay", "delay", "frames", 0.0f, 0.0f, kMostLatency);
            p.hints |= kParameterIsInteger;
            return;
        case kTempo: output(p, "Tempo", "tempo", 1000.0f); return;
        case kBeat: output(p, "Beat", "beat", 4096.0f); return;
        case kPlaying: output(p, "Playing", "playing", 1.0f); return;
        case kHeard: output(p, "Heard", "heard", 65536.0f); return;
        }
        char name[24], symbol[24];
        std::snprintf(name, sizeof(name), "Knob %u", index - kKnobs + 1);
        std::snprintf(symbol, sizeof(symbol), "knob_%u", index - kKnobs + 1);
        set(p, name, symbol, "", 0.5f, 0.0f, 1.0f);
    }

    void initState(uint32_t, State& state) override
    {
        state.key = "programs";
        state.defaultValue = "";
    }

    /* Not a parameter, hence lost unless the whole state is kept: the program of each channel. */
    String getState(const char*) const override
    {
        char text[33];
        for (int channel = 0; channel < 16; ++channel)
            std::snprintf(text + 2 * channel, 3, "%02x", fProgram[channel]);
        return String(text);
    }

    void setState(const char*, const char* value) override
    {
        if (std::strlen(value) == 32)
            for (int channel = 0; channel < 16; ++channel) {
                const char digits[3] = { value[2 * channel], value[2 * channel + 1], '\0' };
                fProgram[channel] = std::strtol(digits, nullptr, 16);
            }
    }

    float getParameterValue(uint32_t index) const override
    {
        switch (index) {
        case kUnused: return 0.0f;
        case kGain: return fGain;
        case kMode: return fMode;
        case kDelay: return fLatency;
        case kTempo: return fTempo;
        case kBeat: return fBeat;
        case kPlaying: return fPlaying;
        case kHeard: return fHeard;
        }
        return fKnobs[index - kKnobs];
    }

    void setParameterValue(uint32_t index, float value) override
    {
        if (fLog != nullptr)
            std::fprintf(fLog, "param %llu %u %.6f\n", fNow, index, value);
        switch (index) {
        case kGain: fGain = value; return;
        case kMode: fMode = static_cast<int>(value + 0.5f); return;
        case kDelay: fLatency = static_cast<uint32_t>(value + 0.5f); return;
        case kUnused: case kTempo: case kBeat: case kPlaying: case kHeard: return;
        }
        fKnobs[index - kKnobs] = value;
    }

    void activate() override
    {
        fNow = 0;
        fHeld.clear();
        std::fill(fLine.begin(), fLine.end(), 0.0f);
        fArpeggioEnd = -1.0;
        setLatency(fLatency);
    }

    void run(const float** inputs, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override
    {
        tell(frames);
        misbehave();
        setLatency(fLatency);
        arpeggiate(frames);
        const float gain = std::pow(10.0f, fGain / 20.0f);
        uint32_t next = 0;
        for (uint32_t i = 0; i < frames; ++i) {
            for (; next < count && events[next].frame <= i; ++next)
                hear(events[next]);
            float* const at = fLine.data() + 2 * (fNow % kLine);
            const float* const then = fLine.data() + 2 * ((fNow + kLine - fLatency) % kLine);
           #if ORACLE_IS_EFFECT
            float through = gain;
           #if DISTRHO_PLUGIN_NUM_INPUTS == 3
            through *= 1.0f - std::fabs(inputs[2][i]);
           #endif
            at[0] = through * inputs[0][i];
            at[1] = through * inputs[DISTRHO_PLUGIN_NUM_OUTPUTS - 1][i];
           #else
            (void) inputs;
            at[0] = at[1] = gain * sounding();
           #endif
            for (int channel = 0; channel < DISTRHO_PLUGIN_NUM_OUTPUTS; ++channel)
                outputs[channel][i] = fMode == kNan ? NAN : then[channel];
            ++fNow;
        }
        if (fLog != nullptr)
            std::fflush(fLog);
    }

private:
    static void set(Parameter& p, const char* name, const char* symbol, const char* unit, float def, float low, float high)
    {
        p.name = name;
        p.symbol = symbol;
        p.unit = unit;
        p.ranges.def = def;
        p.ranges.min = low;
        p.ranges.max = high;
    }

    static void output(Parameter& p, const char* name, const char* symbol, float high)
    {
        set(p, name, symbol, "", 0.0f, 0.0f, high);
        p.hints = kParameterIsOutput;
    }

    void tell(uint32_t frames)
    {
        const TimePosition& at = getTimePosition();
        const double quarter = at.bbt.valid ? 4.0 / at.bbt.beatType : 0.0;
        const double bar = at.bbt.valid ? at.bbt.barStartTick / at.bbt.ticksPerBeat * quarter : 0.0;
        const double beat = bar + (at.bbt.valid ? (at.bbt.beat - 1 + at.bbt.tick / at.bbt.ticksPerBeat) * quarter : 0.0);
        fPlaying = at.playing;
        fTempo = at.bbt.valid ? at.bbt.beatsPerMinute : 0.0;
        fBeat = beat;
        fExactBeat = beat;
        if (fLog != nullptr)
            std::fprintf(fLog, "block %llu %u %d %llu %.9g %.9f %.9f %g/%g\n", fNow, frames, at.playing,
                         static_cast<unsigned long long>(at.frame), at.bbt.valid ? at.bbt.beatsPerMinute : 0.0, beat, bar,
                         at.bbt.beatsPerBar, at.bbt.beatType);
    }

    void misbehave()
    {
        switch (fMode) {
        case kCrash:
            std::raise(SIGSEGV);
            break;
        case kHang:
            for (;;)
                usleep(1000);
        case kAllocate:
            for (int i = 0; i < 64; ++i)
                std::memset(fHoard.emplace_back(new char[1 << 20]), 1, 1 << 20);
            break;
        case kSlow:
            usleep(20000);
            break;
        case kDrift:
            fGain = -6.0f;
            requestParameterValueChange(kGain, fGain);
            break;
        case kPrint:
            for (int i = 0; i < 1000; ++i)
                std::printf("the oracle talks too much, line %d\n", i);
            std::fflush(stdout);
            break;
        case kExit:
            std::exit(3);
        }
    }

    void hear(const MidiEvent& event)
    {
        const uint8_t* const data = event.data;
        const int channel = data[0] & 15;
        if (fLog != nullptr)
            std::fprintf(fLog, "midi %llu %02x %02x %02x\n", fNow, data[0], data[1], event.size > 2 ? data[2] : 0);
        ++fHeard;
        if (fMode == kEcho)
            writeMidiEvent(event);
        switch (data[0] & 0xF0) {
        case 0x90:
            if (data[2] != 0) {
                if (channel == 15 && data[1] < kModes)
                    fMode = data[1];
                else
                    fHeld.push_back(Held { static_cast<uint8_t>(channel), data[1], data[2], 0.0 });
                return;
            }
            /* fall through */
        case 0x80:
            for (size_t i = 0; i < fHeld.size(); ++i)
                if (fHeld[i].channel == channel && fHeld[i].key == data[1]) {
                    fHeld.erase(fHeld.begin() + i);
                    return;
                }
            return;
        case 0xB0:
            if (data[1] == 11)
                fExpression[channel] = data[2];
            else if (data[1] == 120 || data[1] == 123)
                for (size_t i = fHeld.size(); i-- > 0;)
                    if (fHeld[i].channel == channel)
                        fHeld.erase(fHeld.begin() + i);
            if (data[1] == 121) {
                fExpression[channel] = 127;
                fPressure[channel] = 0;
                fBend[channel] = 0.0;
            }
            return;
        case 0xC0: fProgram[channel] = data[1]; return;
        case 0xD0: fPressure[channel] = data[1]; return;
        case 0xE0: fBend[channel] = 2.0 * ((data[1] | data[2] << 7) - 8192) / 8192.0; return;
        }
    }

    float sounding()
    {
        double sum = 0.0;
        for (Held& held : fHeld) {
            const double f = 440.0 * std::exp2((held.key - 69 + fBend[held.channel]) / 12.0);
            const double amplitude = 0.1 * held.velocity / 127.0 * fExpression[held.channel] / 127.0;
            sum += amplitude * (std::sin(held.phase) + fPressure[held.channel] / 127.0 * std::sin(3.0 * held.phase));
            held.phase += 2.0 * M_PI * (1 + fProgram[held.channel]) * f / getSampleRate();
        }
        return sum;
    }

    /* A note on each eighth of the host's beat while it plays, a sixteenth long. */
    void arpeggiate(uint32_t frames)
    {
        if (fMode != kArpeggio || !fPlaying || fTempo <= 0.0f)
            return;
        const double perFrame = fTempo / 60.0 / getSampleRate();
        for (uint32_t i = 0; i < frames; ++i) {
            const double here = fExactBeat + i * perFrame, before = here - perFrame;
            if (fArpeggioEnd >= 0.0 && here >= fArpeggioEnd) {
                send(i, 0x80, 0);
                fArpeggioEnd = -1.0;
            }
            if (std::floor(here * 2.0 + 1e-6) != std::floor(before * 2.0 + 1e-6)) {
                send(i, 0x90, 100);
                fArpeggioEnd = here + 0.25;
            }
        }
    }

    void send(uint32_t frame, uint8_t status, uint8_t velocity)
    {
        MidiEvent event;
        event.frame = frame;
        event.size = 3;
        event.data[0] = status;
        event.data[1] = 60;
        event.data[2] = velocity;
        event.data[3] = 0;
        event.dataExt = nullptr;
        writeMidiEvent(event);
    }

    float fGain = 0.0f, fTempo = 0.0f, fBeat = 0.0f, fPlaying = 0.0f, fHeard = 0.0f;
    int fMode = kPlay;
    uint32_t fLatency = 0;
    unsigned long long fNow = 0;
    double fExactBeat = 0.0, fArpeggioEnd = -1.0, fBend[16];
    uint8_t fExpression[16], fPressure[16], fProgram[16];
    std::vector<float> fKnobs, fLine;
    std::vector<Held> fHeld;
    std::vector<char*> fHoard;
    FILE* fLog = nullptr;
};

Plugin* createPlugin()
{
    return new Oracle();
}

END_NAMESPACE_DISTRHO

#include "DistrhoPluginMain.cpp"
