"""What notebooks and their figures call, a module or folder a chapter; `parameters` for all."""
