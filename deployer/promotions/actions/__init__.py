"""What people, CI and the terminal can have done. Each is one transaction, with its event inside."""
