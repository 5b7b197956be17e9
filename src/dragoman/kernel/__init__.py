"""The kernel: what a message broker decides, without bytes on a wire, sockets, clocks or disks.

Doors speak to it through `dragoman.kernel.api` alone.
"""
