"""Harmony heard in notes: keys, chords, Roman numerals, cadences, phrases.

`harmony.analyze_harmony` is the way in; `recognition.recognise` names a handful of notes, `keys.find_key` finds a key
by profile. Importing this package loads nothing; its modules need numpy.
"""
