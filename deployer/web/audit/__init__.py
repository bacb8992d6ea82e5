"""The audit: every event, filtered, and as CSV."""
