"""Programs that share no code with medview read the same files, and what they see is compared: ``python -m tests.oracles``."""
