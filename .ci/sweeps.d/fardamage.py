"""Two writers."""
def all_of(tally, wanted): pass
