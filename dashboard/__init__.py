"""Reads run folders. No page has landed yet."""
