"""`dragoman copy SRC DST`: messages from one broker to another, each through its official client.

    command     arguments, what is printed            ends     what a reader and a writer are
    loop        read, judge, write, confirm, settle   feed     the reader's thread, and how much may be under way
    rules       --filter and --transform              places   addresses of ends
    pace        --rate                                progress a bar, or a line now and then
    tally       counts, and what they must come to    needs    client libraries, loaded when an address asks for one
    checkpoint  where a copy of what is kept has stopped

    kafka, amqp, sqs, servicebus, pubsub, admin       an end each: client's objects <-> a format's stored bytes

Nothing is mapped here: an end brings its client's message into the form in which the broker would store it, and
`formats` translates that, as it does for a reader of another protocol.
"""
