"""What the tests of media stores share."""

from tests.windows_files import windows_files

__all__ = ["windows_files"]
