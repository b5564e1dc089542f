"""Neural composers: so far the data that they will learn from (`models.corpora`). Composers play by rules."""
