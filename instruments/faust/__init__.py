"""Faust: its language compiled, ahead of time or just in time, and made to sing in many voices."""
