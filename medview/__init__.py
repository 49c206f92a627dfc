"""medview: a viewer of medical images that runs neural networks on what it shows."""

__version__ = "0.1.0"
