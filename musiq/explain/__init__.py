"""Why a photo scores as it does."""
