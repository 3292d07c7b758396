"""Thumbnail jobs, from upload to archive."""
