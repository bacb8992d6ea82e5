"""What is remembered for a moment in this process, so that what many ask for at once is made once."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Brief(Generic[Key, Value]):
    """Keeps at most `most` values, none longer than `seconds`. Who asks for what is just being made waits for it."""

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds, self._most = seconds, most
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        return self.get_all([key], lambda _: {key: make()})[key]

    def get_all(self, keys: Sequence[Key], make: Callable[[Sequence[Key]], Mapping[Key, Value]]) -> dict[Key, Value]:
        """`make` is given those that are not kept, and may leave some out: they are then not in the answer."""
        kept = self._look_up(keys)
        if len(kept) == len(set(keys)):
            return kept
        with self._making:
            kept = self._look_up(keys)
            missing = [key for key in keys if key not in kept]
            made = make(missing) if missing else {}
            self._keep(made)
        return kept | dict(made)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def _look_up(self, keys: Sequence[Key]) -> dict[Key, Value]:
        now = time.monotonic()
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
        return {key: value for key, (until, value) in found.items() if now < until}

    def _keep(self, made: Mapping[Key, Value]) -> None:
        until = time.monotonic() + self._seconds
        with self._lock:
            for key, value in made.items():
                self._kept[key] = (until, value)
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
