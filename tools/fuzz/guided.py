"""One reader under atheris: `python -m tools.fuzz.guided READER [OPTIONS OF LIBFUZZER] [FOLDERS]`.

An input that breaks it is written to a file, by libFuzzer's options.
"""

import sys

import atheris

with atheris.instrument_imports(include=["tfi2i", "PIL", "zipfile", "yaml"]):
    from tools.fuzz.readers import fed, readers


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    reader = readers()[sys.argv.pop(1)]

    def feed(content: bytes) -> None:
        fed(reader, content)

    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
