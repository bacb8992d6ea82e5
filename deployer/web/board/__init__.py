"""The board: every application against every environment, what needs the reader first.

`index` ranks all applications from what is open, which is little; `rows` reads only those that a page shows.
"""

from deployer.web.board.condition import Cell, Condition, condition_of

__all__ = ["Cell", "Condition", "condition_of"]
