"""What people and their tools ask of a broker over HTTP, on any of its ports: health, metrics, the admin API.

Faces like those of the doors: they share the table of routes. The web console and others' management interfaces stand
on the admin API, too.
"""
