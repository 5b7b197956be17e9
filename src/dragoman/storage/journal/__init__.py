"""The journal of one shard: a `LogStore` over a `Disk`.

| module | what it holds |
|---|---|
| `frame.py` | the bytes of one frame |
| `reader.py` | frames of one file, valid in themselves; the search for what lies behind a bad one |
| `walk.py` | frames that follow one another through the files |
| `recovery.py` | torn tail or rot: what an opener finds, cuts and refuses |
| `mark.py` | the small file that remembers incarnation, trim and what was durable |
| `files.py` | names, rolling, recycling, the reserve |
| `journal.py` | the `LogStore` itself |
"""

from dragoman.storage.journal.journal import Journal
from dragoman.storage.journal.recovery import Damage, Rot

__all__ = ["Damage", "Journal", "Rot"]
