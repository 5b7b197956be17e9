"""Storage engines: the ports of `ports.storage` on files and in memory.

| folder | what it is |
|---|---|
| `journal/` | `LogStore` over a `Disk`: frames, torn tails, rot, trimming |
| `segments/` | `Segments` over a `Disk`: bodies with a checksum each |
| `state/` | `StateStore` on the standard library's sqlite3 |
| `memory/` | all three, gone with the process |
| `files/` | `Disk` on the operating system, and the data directory with its lock |

Only the composition root chooses among them.
"""
