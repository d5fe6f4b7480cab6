"""What only notebooks call, one module or folder a chapter; all of them call `parameters`."""
