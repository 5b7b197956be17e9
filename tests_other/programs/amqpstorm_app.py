"""amqpstorm: its client, and its own client of the management API. Arguments: HOST:PORT, and a name for all that is
declared. Prints one line per thing that worked.
"""

import sys
from urllib.parse import quote

from amqpstorm import AMQPChannelError, Connection, Message
from amqpstorm.management import ApiError, ManagementApi

COUNT = 20
address, name = sys.argv[1:]
host, _, port = address.partition(":")


def messages() -> None:
    with Connection(host, "guest", "guest", port=int(port)) as connection:
        channel = connection.channel()
        channel.confirm_deliveries()
        print("declared", channel.queue.declare(name, durable=True)["message_count"])
        for number in range(COUNT):
            properties = {"headers": {"n": number}, "delivery_mode": 2}
            assert Message.create(channel, f"value-{number}", properties).publish(name) is True
        print("got", channel.basic.get(name, no_ack=True).body)
        channel.basic.qos(5)
        seen: list[str] = []

        def take(message: Message) -> None:
            seen.append(message.body)
            message.ack()
            if len(seen) == COUNT - 1:
                channel.stop_consuming()

        channel.basic.consume(take, name)
        channel.start_consuming()
        print("consumed", len(seen), seen[-1])
        try:
            channel.queue.declare(name, durable=False)
        except AMQPChannelError as error:
            print("refused", error.error_code)


def management() -> None:
    api = ManagementApi(f"http://{address}", "guest", "guest")
    vhost = f"{name}-vhost"
    api.virtual_host.create(vhost)
    api.user.create(name, "secret", tags="management")
    api.user.set_permission(name, vhost, ".*", ".*", ".*")
    print("user", api.user.get(name)["tags"], api.user.get_permission(name, vhost)["read"])
    own = ManagementApi(f"http://{address}", name, "secret")
    print("whoami", own.whoami()["name"])
    own.queue.declare("q", virtual_host=vhost, durable=True)
    own.basic.publish("hello", "q", virtual_host=vhost)
    print("basic", own.basic.get("q", virtual_host=vhost)[0].body)
    print("queues", [queue["name"] for queue in own.queue.list(quote(vhost))])
    try:
        own.user.list()
    except ApiError as error:
        print("refused", error.error_code)
    api.user.delete(name)
    api.virtual_host.delete(vhost)


messages()
management()
