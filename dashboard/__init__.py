"""Reads run folders and plans: the metro map. See docs/map.md."""
