"""Work on several notebooks at a time; each has a kernel of its own, so threads are enough here.

A thread that fails hands over its exception, so nothing is ever waited for in vain; where the
process is told to end, the kernels are killed at once and go with it. A kernel whose process was
killed without a word ends itself within seconds (ipykernel looks for its parent).
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import psutil
from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def results(
    work: Callable[[Item, Callable[[], None]], Result],
    items: Sequence[Item],
    workers: int,
    *,
    total: int,
) -> Iterator[tuple[Item, Result | BaseException]]:
    """Yield each item with what `work(item, step)` returned, or the exception that it raised.

    Parameters
    ----------
    work : callable
        Called in a thread; it calls `step()` for each of the `total` steps of the progress bar.
    items : sequence
        In the order in which they are begun.
    workers : int
        Items at a time.
    total : int
        The steps of all items together.
    """
    todo: queue.SimpleQueue[Item] = queue.SimpleQueue()
    said: queue.SimpleQueue[tuple] = queue.SimpleQueue()
    for item in items:
        todo.put(item)

    def loop() -> None:
        while True:
            try:
                item = todo.get_nowait()
            except queue.Empty:
                return
            try:
                result = work(item, lambda: said.put(()))
            except BaseException as error:
                result = error
            said.put((item, result))

    for _ in range(min(workers, len(items))):
        threading.Thread(target=loop, daemon=True).start()
    left = len(items)
    interval = 0.5 if sys.stderr.isatty() else 20
    with tqdm(total=total, unit="cell", mininterval=interval) as bar:
        try:
            while left:
                message = said.get()
                if message:
                    left -= 1
                    yield message
                else:
                    bar.update()
        except (KeyboardInterrupt, GeneratorExit):
            end_children()
            raise


def end_children() -> None:
    """Kill every process that this one has started, kernels above all."""
    children = psutil.Process(os.getpid()).children(recursive=True)
    for child in children:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(children, timeout=5)
