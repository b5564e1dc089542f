"""Standard MIDI Files: any file in, pieces out and back.

    read = read_smf("song.mid")          read.piece, and read.problems: what was broken in it, and mended
    lost = write_smf("out.mid", piece)   what a MIDI file cannot carry

Bytes are read and written by modules of our own, without I/O and without a library: files of strangers are often
broken, and data sets are large.
"""

from composers.smf.channels import with_channels
from composers.smf.problems import Problem
from composers.smf.reader import Read, read_smf, read_smf_bytes
from composers.smf.writer import Written, encode_smf, write_smf

__all__ = [
    "Problem", "Read", "Written", "encode_smf", "read_smf", "read_smf_bytes", "with_channels", "write_smf",
]  # fmt: skip
