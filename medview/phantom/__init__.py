"""Generated chest phantoms with known truth, for the demo study, training and tests."""
