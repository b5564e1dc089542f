"""What each of the peers' filters is known to fail of the numbered cases."""

from __future__ import annotations

PEERS_FAIL = {
    "ardour_dll":
        "C06 C08 C09 C12 C21 C22 C24 C25 C26 C27 C28 C29 C30 C32 C34 C35 C36 C37 C38 C39 C40 C41 C42 C43 C44 "
        "C46 C48 C49 C50 C51 C52 C53",
    "dll_1_hz":
        "C08 C09 C19 C21 C24 C25 C26 C27 C28 C29 C32 C33 C34 C35 C36 C37 C38 C39 C40 C41 C43 C44 C45 C48 "
        "C50 C51 C52 C53",
    "hydrogen_mean_10":
        "C08 C09 C16 C18 C19 C21 C24 C25 C27 C28 C29 C32 C33 C34 C36 C37 C38 C39 C40 C41 C44 C45 C47 C48 "
        "C51 C53",
    "isobar_ema":
        "C04 C05 C06 C08 C09 C10 C16 C18 C19 C21 C24 C25 C26 C27 C28 C29 C32 C33 C34 C35 C36 C37 C38 C39 C40 "
        "C41 C43 C44 C45 C47 C48 C50 C51 C52 C53",
    "least_squares_48":
        "C08 C09 C16 C17 C18 C19 C21 C24 C25 C26 C27 C28 C32 C33 C34 C36 C37 C38 C39 C40 C41 C43 C44 C48 "
        "C50 C51 C53",
}
"""Numbers of the cases that each does not pass: its transport as described, its filter as written."""
