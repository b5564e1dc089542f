"""`python -m bridge` is `sideman`."""

from bridge.commands import main

main()
