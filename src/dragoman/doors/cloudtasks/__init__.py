"""Google Cloud Tasks: queues are leased subscriptions that are pushed, tasks their messages.

names      projects/P/locations/L/queues/Q and its tasks     mapping    a task as a message, and as a request
protos     its messages (of `wire.protobuf`)                 standing   what is known of a task beside its message
queues     made, told, changed, paused, purged, deleted      tasks      made, told, run now, deleted
retries    backoff, Retry-After, when to give up             pushing    dispatch: requests and what answers mean
running    a task run beside its queue                       executed   what was answered in the last minute
batching   many tasks in one request                         operations what came of that
policies   IAM of queues                                     placing    into the queue, or to wait
services   which method is whose                             errors     how Cloud Tasks says no
"""
