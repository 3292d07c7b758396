"""Puts many small tasks into the app's queue: ``python -m tests.faults.enqueue_many 100000``."""

import sys

from thumbapp.tasks import add, huey


def main() -> None:
    """Enqueue as many as the argument says."""
    for number in range(int(sys.argv[1])):
        huey.enqueue(add.s(number, 1))


if __name__ == "__main__":
    main()
