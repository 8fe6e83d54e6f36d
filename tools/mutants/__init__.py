"""Plants one fault at a time into the code of training and asks which tests notice.

General tools (mutmut, cosmic-ray) were looked at and not taken. cosmic-ray starts the tests anew,
and so TensorFlow, for every fault. mutmut forks, but from a process that has run the tests, where
TensorFlow's threads are running already and do not come along. Neither knows which faults matter
here, such as the images of one domain for those of the other.

This one begins from the functions that decide what is optimised (`plan`, `targets`), makes their
faults from the syntax tree (`operators`) or takes them from a list (`declared`), and runs only the
tests that should notice, in forks of a process that has TensorFlow imported (`planting`). A fault
lives in the memory of a fork (`inside`): no file is changed.

    python -m tools.mutants --only cyclegan
"""
