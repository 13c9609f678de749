"""LightningModules: what is measured of a model."""
