"""Plants one fault at a time into the code of training and asks which tests notice.

A general tool (mutmut, cosmic-ray) was looked at and not taken: both start the whole suite's
interpreter for every fault, which is a start of TensorFlow each time, and neither knows which
faults matter here. This one begins from the functions that decide what is optimised (`plan`),
makes their faults from the syntax tree (`operators`) or takes them from a list by hand
(`declared`), and runs only the tests that should notice, in a process that is forked from one
which has TensorFlow imported (`planting`). A fault lives in the memory of that process: no file
is changed.

    python -m tools.mutants --only cyclegan
"""
