"""RabbitMQ's management API, as rabbitmqadmin, KEDA, Terraform and Spring's tools ask for it, on any port (15672).

    face        all routes; who asks, how errors are told
    asking      a request as a handler sees it; lists in pages
    topology    queues, exchanges, virtual hosts
    bindings    what leads where
    messages    publish and get
    overview    the node, who is connected, whether all is well
    governing   policies, parameters
    rights      permissions
    definitions everything that was declared, out and in again

What it changes goes through a channel of the door's own, so that checks and texts are those of AMQP.
"""
