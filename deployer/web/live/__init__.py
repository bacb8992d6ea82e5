"""Live updates: what has changed, told to every open page. See docs/architecture.md."""
