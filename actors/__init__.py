"""The contact: its record, its mailbox, its one step, its behaviour, and the lanes that run many of them."""
