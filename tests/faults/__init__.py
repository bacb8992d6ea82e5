"""Promise 6, never lost, and promise 2, never twice: real processes are killed while they work.

`python -m tests.faults --help` says how to run it at full length; a short form is part of the tests.
"""
