"""The embedded default: clips, their captions, a small trained model, and the scripts that made them."""
