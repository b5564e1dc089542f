"""Neural composers: nothing is here yet. Composers play by rules; models will be found by name in the registry."""
