"""What a broker owes, as plain lists: the whole state of a node, one object per message and reader.

core.py          Model: the same records as the kernel's `apply`, carried out the slow and obvious way
log.py           what a stream holds: entries
readers.py       what a leased subscription has open: messages
addresses.py     where a message goes, by walking bindings
transactions.py  what producers have open
pumps.py         what is carried on
schedules.py     what waits for its time
dedup.py         which ids were seen
groups.py        where cursors stand

It knows nothing of chunks, blocks, windows, lanes, plans, checkpoints or segments. A message that is done is simply not
in the list any more, so that every count is a length.
"""

from tests.sim.model.core import Model
from tests.sim.model.log import Entry, Stream, bodies_of_command
from tests.sim.model.readers import READY_STATES, Message, Reader

__all__ = ["READY_STATES", "Entry", "Message", "Model", "Reader", "Stream", "bodies_of_command"]
