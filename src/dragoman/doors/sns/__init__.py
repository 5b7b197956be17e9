"""Amazon SNS, as far as it fans out: topics whose messages go to queues of SQS, and by HTTP to URLs. It stands on the
door of SQS: same port, same credentials, same accounts.

    Publish ──> topic's subscriptions, each with its filter ──> sqs         one publish into the queue
                                                           └──> http(s)     into a queue of our own, which is pushed

A topic of standard kind holds no messages. A FIFO topic has a stream, for sequence numbers and what was sent before.
Topics and subscriptions are documents of the kernel.
"""
