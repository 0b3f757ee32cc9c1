"""The model families, one short file each; `aecore.families.MODELS` is their table."""
