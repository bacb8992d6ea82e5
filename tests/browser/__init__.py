"""Deployer in Chromium: the journeys that matter, by mouse, by keyboard and without scripts, and what axe finds.

Chromium is looked for on PATH, or named by CHROMIUM.
"""
