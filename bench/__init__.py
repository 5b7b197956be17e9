"""The benchmark: the same load against Dragoman and its peers, in one go, at equal durability.

    scenarios --> runner --> generator process(es) ---- sockets ----> broker process tree
        |            |              | counts, latencies                   |
        |            +-- measure: CPU, memory of the tree, CPU of strangers
        |            v
        +------> results (JSON) --> goals --> report (tables on the terminal)

The package knows Dragoman only as a command line and two endpoints: it imports nothing of it.
"""
