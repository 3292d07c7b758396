"""Huey's own consumer with its own options: ``python huey_consumer.py -k thread -w 4``.

Without the path of a Huey it takes ``thumbapp.tasks.huey``.
"""

import sys


def main() -> None:
    """Run the consumer that the arguments describe."""
    try:
        from huey.bin.huey_consumer import consumer_main
    except ModuleNotFoundError:
        sys.exit("Huey is not installed for this Python; use that of .venv, which `python run.py` makes.")
    from huey.consumer_options import OptionParserHandler

    _, paths = OptionParserHandler().get_option_parser().parse_args()
    if not paths:
        sys.argv.append("thumbapp.tasks.huey")
    consumer_main()


if __name__ == "__main__":
    main()
