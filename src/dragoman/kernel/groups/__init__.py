"""Groups: members that share the partitions of streams, and the cursors they have committed. Knows no protocol."""
