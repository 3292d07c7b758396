"""Bytes made readable: what they may be, and each view of them, bounded and without running anything."""

from thumbapp.explorer.decode.views import MessageDecoder, Shown, View, best_view, fitting_views, show

__all__ = ["MessageDecoder", "Shown", "View", "best_view", "fitting_views", "show"]
