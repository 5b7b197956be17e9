"""RabbitMQ's door: AMQP 0-9-1 as RabbitMQ speaks it, without a socket.

door         bytes in, events to handlers, bytes out; heartbeats and closing
link         what all channels of a connection share         opening    greeting, login, tuning, virtual host
channel      one channel: its consumers, confirms, outbox    methods    which handler serves which method
publishing   runs of publishes (hot)                         confirms   publishes not confirmed yet (hot)
delivering   runs of deliveries (hot)                        unacked    delivery tags to leases (hot)
queues, exchanges, bindings, consuming, getting, settling, transactions: one group of methods each
arguments    what queue and exchange arguments mean          errors     refusals and the table of kernel errors
spell        messages of other protocols as entries          page       what the generated page says
"""
