"""Sans-IO codecs: bytes in, values out and back, one package per protocol. They know no kernel and no socket."""
