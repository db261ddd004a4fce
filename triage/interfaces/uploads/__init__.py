"""The doors for bytes in parts and for pushed seizures. `web/app.py` includes the one router."""

from .routes import upload_routes

__all__ = ["upload_routes"]
