"""The export of an embedding model, as a child that ends with the process that waits for it."""

import sys

from chatapp.launch.lineage import die_with_parent
from rag.export import main

if __name__ == "__main__":
    die_with_parent()
    sys.exit(main(sys.argv[1:]))
