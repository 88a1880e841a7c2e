"""What can be done with collections and documents: one idea a module.

Services write rows, files and vectors. They enqueue nothing: that is :mod:`..actions`.
"""
