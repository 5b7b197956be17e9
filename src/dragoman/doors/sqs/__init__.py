"""Amazon SQS over HTTP: a queue is a stream and the leased subscription of its name, an account is a namespace.

face        routes, both protocols, errors           queues, attributes, policies, tags   what queues are told
asking      one request: its action and its caller   composing, sending                   messages in
names       URLs, ARNs and accounts                  receiving, spelling                  messages out
errors      refusals in both spellings               settling, moving                     what becomes of them
"""
