"""What must hold, one function each, written from the architecture's rules and not from the code.

waits.py    section 3: what leaves the process waits for the log
disk.py     section 6: frames, checkpoints, segments
plans.py    section 4: what a publish, a death, a due schedule or a pump must append where
legal.py    one atomic set of records, judged before it is applied
leases.py   section 5: who is handed what, and how it ends
equal.py    the node's memory is the model's, message by message and count by count
delays.py   section 5: what is delayed, and how much is held; documents
selecting.py who selects from a queue gets its own, and everybody else the rest
rest.py     when everything has finished, nobody waits in vain
"""
