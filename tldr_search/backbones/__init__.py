"""The table of architectures, the plain encoder that all of them share, and the checkpoints that fill it."""
