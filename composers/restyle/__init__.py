"""Style transfer between genres: `restyle(piece, "jazz")` gives a piece's tune, chords and form to a jazz band.

    from composers import Piece
    from composers.restyle import restyle

    made = restyle(Piece.load("song.mid"), "edm", strength=0.7, style="house")
    made.piece.save("house.mid")
    made.report.melody_kept

The way: `hearing` makes a lead sheet of the piece (composers.lead_sheet), `timing` brings it into a meter and tempo of
the style, `reharmonising` gives it chords that the style would play (by `habits`, heard from the style's own sheets),
`phrasing` sings it in the style's rhythm, `roles` casts its sections, `charted` lets the style's band play it, and
`report` measures on what came out how much was kept.
"""

from composers.restyle.hearing import Heard, hear
from composers.restyle.keeping import kept
from composers.restyle.report import Report
from composers.restyle.transfer import Restyled, restyle

__all__ = ["Heard", "Report", "Restyled", "hear", "kept", "restyle"]
