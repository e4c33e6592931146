"""bifurque."""
