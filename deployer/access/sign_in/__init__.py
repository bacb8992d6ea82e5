"""Signing in by a provider: who it says someone is, and what Deployer makes of it (docs/access.md)."""
