"""The live components: plain HTML, CSS and JavaScript files, and the functions that mount them."""

from __future__ import annotations

from components.bundle import component

_store = component("store")


def store(key: str, payload: bytes) -> None:
    """Send `payload` to the page, where the components find it under `key`; shows nothing."""
    _store(key=f"store-{key}", data=key.encode() + b"\n" + payload)
